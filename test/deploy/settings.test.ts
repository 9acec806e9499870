import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Parameter,
  READERS,
  type Reader,
  type Setting,
  type SettingType,
  type Variable,
} from '../../deploy/setting.ts';
import { parameters, variables } from '../../deploy/settings.ts';
import { AftermathCommandConfig } from '../../lib/aftermath/command-config.ts';
import { DigestConfig, ReconcileConfig } from '../../lib/audit/config.ts';
import { RevokeConfig } from '../../lib/containment/config.ts';
import { DrillConfig } from '../../lib/drill/config.ts';
import { EnrollConfig } from '../../lib/enroll/config.ts';
import { WebhookConfig } from '../../lib/intake/config.ts';
import { ConfigError, parseConfig } from '../../lib/platform/config.ts';
import { SweepAlertsConfig } from '../../lib/sweep/alerts/config.ts';
import { SweepKeysConfig, SweepPlanConfig } from '../../lib/sweep/keys/config.ts';
import { ROOT } from './cloudformation-yaml.ts';

const schemas = {
  webhook: WebhookConfig,
  revoke: RevokeConfig,
  'sweep-keys': SweepKeysConfig,
  'sweep-alerts': SweepAlertsConfig,
  digest: DigestConfig,
  reconcile: ReconcileConfig,
  enroll: EnrollConfig,
  drill: DrillConfig,
  'npm run sweep': SweepPlanConfig,
  'npm run aftermath': AftermathCommandConfig,
  'npm run enroll': EnrollConfig,
} satisfies Record<Reader, unknown>;
const readBy = (reader: Reader): Variable[] => variables.filter((setting) => setting.readBy.includes(reader));
const cases = READERS.flatMap((reader) => readBy(reader).map((setting) => ({ reader, setting, ...setting })));

/** A value that the type allows. */
const validValue = (setting: Setting): string => {
  if (setting.from === 'parameter') return setting.example;
  return setting.type.kind === 'url' ? 'https://queue.example.com' : 'an-id';
};
const requiredEnv = (reader: Reader): Record<string, string> =>
  Object.fromEntries(
    readBy(reader)
      .filter(({ requiredBy }) => requiredBy?.includes(reader))
      .map((setting) => [setting.variable, validValue(setting)]),
  );
const read = (reader: Reader, env: Record<string, string>): Record<string, unknown> =>
  parseConfig(schemas[reader], { ...requiredEnv(reader), ...env });

describe('the table of settings', () => {
  test('names each parameter and each variable once', () => {
    const names = [...parameters.map(({ parameter }) => parameter), ...variables.map((v) => v.variable)];

    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('is part of no bundle, since its texts would slow down every cold start', () => {
    const product = globSync('{handlers,lib}/**/*.ts', { cwd: ROOT });

    expect(product.length).toBeGreaterThan(50);
    expect(
      product.filter((file) => /from '[./]+\/deploy\//.test(readFileSync(join(ROOT, file), 'utf8'))),
    ).toEqual([]);
  });

  test('has the variables that are read before a configuration is parsed, with the same defaults', () => {
    const product = globSync('{handlers,lib}/**/*.ts', { cwd: ROOT });
    const texts = product.map((file) => readFileSync(join(ROOT, file), 'utf8'));
    const early = texts.filter((text) => /\} = process\.env|process\.env\.[A-Z]/.test(text));
    const read = early.flatMap((text) => [
      ...[...text.matchAll(/\{([^{}]*)\} = process\.env/g)].flatMap(
        ([, names = '']) => names.match(/[A-Z_]{3,}/g) ?? [],
      ),
      ...[...text.matchAll(/process\.env\.([A-Z_]+)/g)].map(([, name]) => name),
    ]);
    const fallbacks = early.flatMap((text) => [...text.matchAll(/([A-Z_]{3,}) (?:\|\||\?\?) '([^']*)'/g)]);

    expect(read.length).toBeGreaterThan(0);
    expect(read.filter((name) => !variables.some(({ variable }) => variable === name))).toEqual([]);
    for (const [, name, value] of fallbacks) {
      expect(parameters.find(({ variable }) => variable === name)?.default, name).toBe(value);
    }
  });

  test.each(parameters)('gives an example of $parameter that differs from its default', (setting) => {
    expect(setting.example).not.toBe(setting.default);
    expect(examplesOf(setting.type).refused).not.toContain(setting.example);
    if (setting.type.kind === 'choice') expect(setting.type.values).toContain(setting.example);
  });
});

describe.each(READERS)('the configuration of %s', (reader) => {
  test('has the variables of the table, and no other', () => {
    const expected = readBy(reader).map(({ variable }) => variable);

    expect(Object.keys(schemas[reader].shape).sort()).toEqual(expected.sort());
  });

  test('is complete with the required variables alone', () => {
    expect(() => read(reader, {})).not.toThrow();
  });
});

describe('a function', () => {
  test.each(cases)('$reader requires $variable as the table says', ({ reader, setting }) => {
    const isRequired = setting.requiredBy?.includes(reader) ?? false;

    expect(isRefused(reader, setting.variable, '')).toBe(isRequired);
  });

  const withDefault = cases.flatMap(({ reader, setting }) =>
    setting.from === 'parameter' && !setting.requiredBy?.includes(reader)
      ? [{ reader, variable: setting.variable, value: setting.default }]
      : [],
  );
  test.each(withDefault)('$reader takes $variable to be $value by default', ({ reader, variable, value }) => {
    const unset = read(reader, {});

    if (value === '') expect([undefined, []]).toContainEqual(unset[variable]);
    else {
      expect(unset[variable]).toBeDefined();
      expect(read(reader, { [variable]: value })).toEqual(unset);
    }
  });

  const withDeployedDefault = cases.flatMap(({ reader, setting }) =>
    setting.from === 'parameter' && setting.default !== '' && setting.requiredBy?.includes(reader)
      ? [{ reader, variable: setting.variable, value: setting.default }]
      : [],
  );
  test.each(withDeployedDefault)('$reader accepts the deployed $variable', ({ reader, variable, value }) => {
    expect(isRefused(reader, variable, value)).toBe(false);
  });

  test.each(cases)('$reader reads $variable as its type says', ({ reader, setting }) => {
    const { accepted, refused } = examplesOf(setting.type);

    for (const value of [...accepted, validValue(setting)]) {
      expect(isRefused(reader, setting.variable, value), value).toBe(false);
    }
    for (const value of refused) expect(isRefused(reader, setting.variable, value), value).toBe(true);
  });
});

/** Whether the configuration names the variable as wrong when it has this value. */
function isRefused(reader: Reader, variable: string, value: string): boolean {
  try {
    read(reader, { [variable]: value });
    return false;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).toContain(variable);
    return true;
  }
}

function examplesOf(type: SettingType): { accepted: readonly string[]; refused: readonly string[] } {
  switch (type.kind) {
    case 'flag':
      return { accepted: ['true', 'false'], refused: ['TRUE', 'yes', '1'] };
    case 'choice':
      return { accepted: type.values, refused: ['other', type.values.join(',')] };
    case 'whole': {
      const { minimum, maximum } = type;
      return {
        accepted: [minimum, maximum].map(String),
        refused: [String(minimum - 1), String(maximum + 1), '1.5', 'many'],
      };
    }
    case 'number': {
      const { minimum, maximum } = type;
      return {
        accepted: [minimum, maximum].map(String),
        refused: [String(minimum / 2), String(maximum * 2), '-1', '0x1', 'many', 'NaN'],
      };
    }
    case 'share':
      return { accepted: ['0', '0.2', '1'], refused: ['-0.1', '1.1', 'half'] };
    case 'url':
      return { accepted: ['https://api.example.com'], refused: ['api.example.com', 'not a URL'] };
    case 'list':
    case 'text':
      return { accepted: [], refused: [] };
    default:
      return type satisfies never;
  }
}

// A parameter that only shapes the stack is in no schema, so its default is checked against its type here.
test.each(parameters.filter(({ readBy }) => readBy.length === 0))(
  'the default of $parameter is of its type',
  ({ default: value, type }: Parameter) => {
    switch (type.kind) {
      case 'choice':
        expect(type.values).toContain(value);
        break;
      case 'whole':
        expect(Number(value)).toBeGreaterThanOrEqual(type.minimum);
        expect(Number(value)).toBeLessThanOrEqual(type.maximum);
        break;
      default:
        expect(['text', 'list']).toContain(type.kind);
    }
  },
);
