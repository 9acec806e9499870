import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeRelease } from '../../deploy/release/write-release.ts';
import { parameters } from '../../deploy/settings.ts';
import { templatePath, zipPath } from './packaged.ts';
import { functions } from './resources.ts';

const folder = mkdtempSync(join(tmpdir(), 'devin-key-revoker-release-test-'));
const read = (name: string) => readFileSync(join(folder, name));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

beforeAll(() => writeRelease(folder), 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('a release', () => {
  test('has the same zips as a build in another folder, byte for byte', () => {
    const zips = readdirSync(folder).filter((name) => name.endsWith('.zip'));

    expect(zips).toHaveLength(functions.length);
    for (const zip of zips) {
      expect([zip, sha256(read(zip))]).toEqual([zip, sha256(readFileSync(zipPath(basename(zip, '.zip'))))]);
    }
  });

  test('lists the checksum of every other file, as sha256sum reads it', () => {
    const others = readdirSync(folder).filter((name) => name !== 'SHA256SUMS');

    expect(read('SHA256SUMS').toString()).toBe(
      others
        .sort()
        .map((name) => `${sha256(read(name))}  ${name}\n`)
        .join(''),
    );
  });

  test('has a template that CloudFormation takes', () => {
    const engine = new RegoEngine();
    const { diagnostics } = engine.validateStandard(new TemplateFile(join(folder, 'template.json')), {});
    engine.free();

    const found = diagnostics.filter(({ severity }) => severity === 'ERROR' || severity === 'FATAL');
    expect(found).toEqual([]);
  });

  test('deploys with the defaults what serverless.yml deploys with its own', () => {
    const released = template(join(folder, 'template.json'));
    const packaged = template(templatePath);
    const values: Record<string, string> = { stage: 'dev' };
    for (const { default: standard, parameter } of parameters) values[parameter] = standard;
    const aliases = Object.fromEntries(
      Object.entries<{ Default: unknown }>(packaged.Parameters).map(([name, { Default }]) => [
        name,
        String(Default),
      ]),
    );

    expect(resolve(released.Resources, values)).toEqual(resolve(packaged.Resources, aliases));
    expect(resolve(released.Outputs, values)).toEqual(resolve(packaged.Outputs, aliases));
    expect(resolve(released.Conditions, values)).toEqual(resolve(packaged.Conditions, aliases));
  });

  test('has every parameter of the table', () => {
    const { Parameters } = template(join(folder, 'template.json'));

    expect(Object.keys(Parameters)).toEqual(
      expect.arrayContaining(parameters.map(({ parameter }) => parameter)),
    );
    expect(Object.keys(Parameters)).toHaveLength(parameters.length + 3);
  });

  test('names in its bill of materials what is bundled, and nothing that is only installed', () => {
    const { components, metadata } = JSON.parse(read('sbom.cdx.json').toString());
    const names: string[] = components.map(({ name }: { name: string }) => name);

    expect(metadata.component.name).toBe('devin-key-revoker');
    expect(names).toEqual(expect.arrayContaining(['zod', '@middy/core', '@aws-sdk/client-secrets-manager']));
    expect(names).not.toEqual(expect.arrayContaining(['vitest']));
    expect(names).not.toEqual(expect.arrayContaining(['commander']));
    const licences = read('THIRD-PARTY-LICENSES.txt').toString();
    for (const name of names) expect(licences).toContain(`${name} `);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a template has a shape for each of its types
function template(path: string): any {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The value with all parameters put in, values as text, and without what depends on the place of the zips. */
function resolve(value: unknown, parameterValues: Record<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, parameterValues));
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.replace(/Devinkeyrevokerdev/g, 'Devinkeyrevoker');
  if (value === null || typeof value !== 'object') return value;
  const { 'Fn::Sub': sub, Ref: reference, S3Key } = value as Record<string, unknown>;
  if (S3Key !== undefined) return 'a zip';
  if (typeof reference === 'string' && parameterValues[reference] !== undefined)
    return parameterValues[reference];
  if (typeof sub === 'string') {
    const text = sub.replace(/\$\{(\w+)\}/g, (all, name: string) => parameterValues[name] ?? all);
    return text.includes('${') ? { 'Fn::Sub': text } : text;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith('ServerlessDeploymentBucket'))
      .map(([key, item]) => [
        key.replace(/^Devinkeyrevokerdev/, 'Devinkeyrevoker'),
        resolve(item, parameterValues),
      ]),
  );
}
