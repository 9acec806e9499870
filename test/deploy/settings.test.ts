import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Parameter,
  parameters,
  type Reader,
  type Setting,
  type SettingType,
  wiredSettings,
} from '../../deploy/settings.ts';
import {
  ConfigError,
  DigestConfig,
  parseConfig,
  ReconcileConfig,
  RevokeConfig,
  WebhookConfig,
} from '../../lib/platform/config.ts';
import { SweepAlertsConfig } from '../../lib/sweep/alerts/config.ts';
import { SweepKeysConfig, SweepPlanConfig } from '../../lib/sweep/keys/config.ts';
import { ROOT, readYaml } from './cloudformation-yaml.ts';

const schemas = {
  webhook: WebhookConfig,
  revoke: RevokeConfig,
  'sweep-keys': SweepKeysConfig,
  'sweep-alerts': SweepAlertsConfig,
  digest: DigestConfig,
  reconcile: ReconcileConfig,
  'npm run sweep': SweepPlanConfig,
} satisfies Record<Reader, unknown>;
const readers = Object.keys(schemas) as Reader[];

type Variable = Setting & { readonly variable: string };
const variables = [...parameters, ...wiredSettings].filter(
  (setting): setting is Variable => setting.variable !== undefined,
);
const readBy = (reader: Reader): Variable[] => variables.filter((setting) => setting.readBy.includes(reader));
const cases = readers.flatMap((reader) => readBy(reader).map((setting) => ({ reader, setting, ...setting })));

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

  test.each(parameters)('gives an example of $parameter that differs from its default', (setting) => {
    expect(setting.example).not.toBe(setting.default);
    expect(examplesOf(setting.type).refused).not.toContain(setting.example);
    if (setting.type.kind === 'choice') expect(setting.type.values).toContain(setting.example);
  });
});

describe.each(readers)('the configuration of %s', (reader) => {
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

describe('serverless.yml', () => {
  const service = readYaml('serverless.yml');
  const resources = globSync('deploy/resources/*.yml', { cwd: ROOT }).map((path) => readYaml(path));
  const cfnParameters: Record<string, { Default: unknown }> = Object.assign(
    {},
    ...resources.map(({ Parameters }) => Parameters ?? {}),
  );

  test('has the parameters of the table with their defaults, and no other', () => {
    const written = Object.entries(service.params.default).map(([name, value]) => [name, String(value)]);

    expect(Object.fromEntries(written)).toEqual(
      Object.fromEntries(parameters.map((setting) => [setting.parameter, setting.default])),
    );
  });

  test('uses every parameter', () => {
    const files = ['serverless.yml', ...globSync('deploy/resources/*', { cwd: ROOT })];
    const text = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
    const used = new Set([...text.matchAll(/\$\{param:(\w+)/g)].map(([, name]) => name));

    expect([...used].sort()).toEqual(parameters.map(({ parameter }) => parameter).sort());
  });

  test('has the functions that the table knows', () => {
    expect([...Object.keys(service.functions), 'npm run sweep'].sort()).toEqual([...readers].sort());
  });

  test.each(readers.filter((reader) => reader !== 'npm run sweep'))(
    'sets the variables that %s reads, from where the table says',
    (reader) => {
      const shared: Record<string, unknown> = service.provider.environment;
      const own: Record<string, unknown> = service.functions[reader].environment;
      const expected = readBy(reader).map((setting) => [setting.variable, sourceOf(setting)]);
      // Those of the provider go to every function, read or not.
      const unread = Object.keys(shared).filter((name) => !readBy(reader).some((v) => v.variable === name));
      const set = Object.entries({ ...shared, ...own }).filter(([name]) => !unread.includes(name));

      expect(
        Object.fromEntries(set.map(([name, value]) => [name, writtenSource(value, cfnParameters)])),
      ).toEqual(Object.fromEntries(expected));
      expect(Object.keys(own).filter((name) => unread.includes(name))).toEqual([]);
    },
  );

  test('shares no variable that nothing reads', () => {
    const known = variables.map(({ variable }) => variable);

    expect(Object.keys(service.provider.environment).filter((name) => !known.includes(name))).toEqual([]);
  });
});

/** `param:name` or the logical id of a resource. */
function sourceOf(setting: Setting): string {
  return setting.from === 'parameter' ? `param:${setting.parameter}` : setting.resource;
}

/** The same, of a value in serverless.yml. A conditional secret is followed to the parameter of its ARN. */
function writtenSource(value: unknown, cfnParameters: Record<string, { Default: unknown }>): string {
  const param = /^\$\{(param:\w+)\}$/.exec(String(value))?.[1];
  if (param !== undefined) return param;
  const { Ref, GetAtt, If } = value as { Ref?: string; GetAtt?: string; If?: unknown[] };
  if (If !== undefined) {
    expect(If[2]).toEqual({ Ref: 'AWS::NoValue' });
    return writtenSource(If[1], cfnParameters);
  }
  if (GetAtt !== undefined) return GetAtt.replace(/\.Arn$/, '');
  const known = Ref === undefined ? undefined : cfnParameters[Ref];
  return known === undefined ? String(Ref) : writtenSource(known.Default, cfnParameters);
}

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
        expect(type.kind).toBe('text');
    }
  },
);
