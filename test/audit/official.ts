// Holds a record of every kind and outcome to OCSF's own definitions, which the PyPI package ocsf-json-schema carries.
// Needs Python 3.10; without it, or without PyPI, it says so and ends with 0.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { serialise } from '../../lib/audit/ocsf-schema.ts';
import { aftermathRecords } from '../support/aftermath-samples.ts';
import { records } from '../support/samples.ts';

const PACKAGE = 'ocsf-json-schema==1.2.0';
const folder = join(import.meta.dirname, '../../.sandbox/ocsf');
const PRINT_SCHEMA = `
import json
from ocsf_json_schema import get_ocsf_schema, OcsfJsonSchemaEmbedded
schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.8.0"))
print(json.dumps(schema.get_class_schema("remediation_activity", ["cloud", "host", "security_control"])))
`;

const schema = officialSchema();
if (schema === undefined) {
  say(`skipped: needs Python 3.10 or later and the PyPI package ${PACKAGE}`);
} else {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  formats.default(ajv);
  const validate = ajv.compile(JSON.parse(schema));
  const texts = [
    ...records.map(([name, record]) => [name, serialise(record)] as const),
    ...aftermathRecords.map(([name, text]) => [`aftermath: ${name}`, text] as const),
  ];
  for (const [name, text] of texts) {
    const isValid = validate(JSON.parse(text));
    say(`${isValid ? 'valid  ' : 'INVALID'}  ${name}`);
    for (const { instancePath, message } of validate.errors ?? []) say(`         ${instancePath} ${message}`);
    if (!isValid) process.exitCode = 1;
  }
}

function officialSchema(): string | undefined {
  const first = python(['-c', PRINT_SCHEMA]);
  if (first !== undefined) return first;
  const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, PACKAGE];
  return python(install) === undefined ? undefined : python(['-c', PRINT_SCHEMA]);
}

/** @returns what it printed, or undefined when there is no Python or it failed */
function python(args: string[]): string | undefined {
  const env = { ...process.env, PYTHONPATH: folder, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const { status, stdout } = spawnSync('python3', args, {
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return status === 0 ? stdout : undefined;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
