import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Parameter } from '../../deploy/setting.ts';
import { parameters } from '../../deploy/settings.ts';
import { stageFile } from '../../deploy/stage-file.ts';
import { ROOT, readYaml } from './cloudformation-yaml.ts';

const stages = readdirSync(join(ROOT, 'deploy/stages')).map((file) => basename(file, '.yml'));
const textOf = (stage: string) => readFileSync(join(ROOT, `deploy/stages/${stage}.yml`), 'utf8');
const valuesOf = (stage: string): Record<string, unknown> => parse(textOf(stage));

describe.each(stages)('the stage %s', (stage) => {
  test('has every parameter of the table and no other, as `npm run docs:configuration` writes them', () => {
    expect(Object.keys(valuesOf(stage))).toEqual(parameters.map(({ parameter }) => parameter));
    expect(textOf(stage)).toBe(stageFile(stage, valuesOf(stage)));
  });

  test('has values that their types allow', () => {
    const wrong = parameters.filter(
      (setting) => !isAllowed(setting, String(valuesOf(stage)[setting.parameter])),
    );

    expect(wrong.map(({ parameter }) => parameter)).toEqual([]);
  });

  test('is used by serverless.yml', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: osls replaces it
    const reference = '${file(deploy/stages/STAGE.yml)}'.replace('STAGE', stage);

    expect(readYaml('serverless.yml').params[stage]).toBe(reference);
  });
});

test('production is locked so that nobody can unlock it, and a trial so that it ends', () => {
  expect(valuesOf('prod')).toMatchObject({ auditLockMode: 'COMPLIANCE', auditLockDays: 365, dryRun: false });
  expect(valuesOf('trial')).toMatchObject({ auditLockMode: 'GOVERNANCE', auditLockDays: 1, dryRun: true });
});

test('the text of a stage keeps its values, adds what is new and drops what is gone', () => {
  const text = stageFile('prod', { auditLockDays: 2555, alarmEmail: 'oncall@example.com', gone: 'x' });

  expect(parse(text)).toMatchObject({
    auditLockDays: 2555,
    alarmEmail: 'oncall@example.com',
    sweepMode: 'report',
  });
  expect(text).not.toContain('gone');
});

function isAllowed({ default: standard, type }: Parameter, value: string): boolean {
  if (value === '') return standard === '';
  switch (type.kind) {
    case 'flag':
      return value === 'true' || value === 'false';
    case 'choice':
      return type.values.includes(value);
    case 'whole':
      return /^\d+$/.test(value) && Number(value) >= type.minimum && Number(value) <= type.maximum;
    case 'share':
      return Number(value) >= 0 && Number(value) <= 1;
    case 'url':
      return URL.canParse(value);
    default:
      return value.length > 0;
  }
}
