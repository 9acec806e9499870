import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { READERS, type Reader, type Setting, type Variable } from '../../deploy/setting.ts';
import { parameters, variables } from '../../deploy/settings.ts';
import { ROOT, readYaml } from './cloudformation-yaml.ts';

const readBy = (reader: Reader): Variable[] => variables.filter((setting) => setting.readBy.includes(reader));

/** Those of the readers that are no commands. */
const FUNCTIONS = READERS.filter((reader) => !reader.startsWith('npm run '));

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
    expect(Object.keys(service.functions).sort()).toEqual([...FUNCTIONS].sort());
  });

  test.each(FUNCTIONS)('sets the variables that %s reads, from where the table says', (reader) => {
    const shared: Record<string, unknown> = service.provider.environment;
    // Node reads NODE_OPTIONS, not the function.
    const { NODE_OPTIONS: _node, ...own }: Record<string, unknown> = service.functions[reader].environment;
    const expected = readBy(reader).map((setting) => [setting.variable, sourceOf(setting)]);
    // Those of the provider go to every function, read or not.
    const unread = Object.keys(shared).filter((name) => !readBy(reader).some((v) => v.variable === name));
    const set = Object.entries({ ...shared, ...own }).filter(([name]) => !unread.includes(name));

    expect(
      Object.fromEntries(set.map(([name, value]) => [name, writtenSource(value, cfnParameters)])),
    ).toEqual(Object.fromEntries(expected));
    expect(Object.keys(own).filter((name) => unread.includes(name))).toEqual([]);
  });

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
  if (GetAtt !== undefined) return GetAtt.replace(/\.(?:Arn|FunctionUrl)$/, '');
  const known = Ref === undefined ? undefined : cfnParameters[Ref];
  return known === undefined ? String(Ref) : writtenSource(known.Default, cfnParameters);
}
