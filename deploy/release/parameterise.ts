import type { Parameter } from '../setting.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A CloudFormation template, as far as it is changed. */
export interface Template {
  readonly Description?: string;
  readonly Parameters: Readonly<Record<string, Json>>;
  readonly Conditions: Readonly<Record<string, Json>>;
  readonly Resources: Readonly<Record<string, Json>>;
  readonly Outputs: Readonly<Record<string, Json>>;
}

/** The stage that stands for the parameter `stage`. */
export const STAGE_MARK = 'stagemark';

/** The value that stands for a parameter while the template is packaged. */
export const markOf = (parameter: string): string => `PARAMETER.${parameter}.`;

const MARK = /PARAMETER\.(\w+)\./g;
const WHOLE_MARK = /^PARAMETER\.(\w+)\.$/;
const ZIP = /([\w-]+\.zip)$/;
const DEPLOYMENT_BUCKET = /^ServerlessDeploymentBucket/;

/**
 * Turns a template that was packaged with marks instead of all parameters into one that anybody can deploy:
 * a CloudFormation parameter for each, `stage`, and `codeBucket` and `codePrefix`, which say where the zips are.
 *
 * @throws {Error} when a mark is left, or a parameter is used nowhere
 */
export function parameterise(template: Template, settings: readonly Parameter[]): Template {
  const packaged = withoutStage(template);
  // A parameter of the template whose default is a mark is the same parameter by another name.
  const aliases = new Map(
    Object.entries(packaged.Parameters).flatMap(([name, declared]) => {
      const mark = WHOLE_MARK.exec(String(fieldOf(declared, 'Default')));
      return mark?.[1] === undefined ? [] : [[name, mark[1]] as const];
    }),
  );
  const own = Object.entries(packaged.Parameters).filter(([name]) => !aliases.has(name));
  const parameterised = {
    AWSTemplateFormatVersion: '2010-09-09',
    ...(packaged.Description !== undefined && { Description: packaged.Description }),
    Parameters: {
      stage: {
        Type: 'String',
        Default: 'prod',
        AllowedPattern: '[a-z][a-z0-9-]{0,19}',
        Description: 'The stage, part of the names of all resources',
      },
      codeBucket: {
        Type: 'String',
        Description: 'The bucket that holds the zips, in the region of the stack',
      },
      codePrefix: {
        Type: 'String',
        Default: '',
        Description:
          'What precedes the names of the zips in the bucket, with its slash. Another one deploys other code',
      },
      ...Object.fromEntries(
        settings.map((setting) => [
          setting.parameter,
          { ...declare(setting), ...shapeOf(packaged.Parameters, aliases, setting) },
        ]),
      ),
      ...Object.fromEntries(own),
    },
    Conditions: record(packaged.Conditions, aliases),
    Resources: record(packaged.Resources, aliases),
    Outputs: record(packaged.Outputs, aliases),
  };
  checkComplete(parameterised, settings);
  return parameterised;
}

/** The template with logical ids of its resources that are the same in every stage. */
function withoutStage(template: Template): Template {
  const ids = Object.keys(template.Resources).filter((id) => id.includes(STAGE_MARK));
  const text = ids.reduce(
    (result, id) => result.replaceAll(id, id.replaceAll(STAGE_MARK, '')),
    JSON.stringify(template),
  );
  return JSON.parse(text);
}

/** The declaration of a parameter, with the bounds of the table. */
function declare({ default: standard, meaning, type }: Parameter): Readonly<Record<string, Json>> {
  const Description = meaning.length > 1_000 ? `${meaning.slice(0, 999)}…` : meaning;
  // An empty value means "not set", which is no number.
  if (type.kind === 'whole' && standard !== '') {
    return { Type: 'Number', Default: standard, MinValue: type.minimum, MaxValue: type.maximum, Description };
  }
  return {
    Type: 'String',
    Default: standard,
    ...(type.kind === 'flag' && { AllowedValues: ['true', 'false'] }),
    ...(type.kind === 'choice' && { AllowedValues: [...type.values] }),
    Description,
  };
}

/** What the template's own declaration of a parameter says beside the table: a list, a pattern and its explanation. */
function shapeOf(
  declared: Template['Parameters'],
  aliases: ReadonlyMap<string, string>,
  { parameter }: Parameter,
): Readonly<Record<string, Json>> {
  const [own] = Object.entries(declared).find(([name]) => aliases.get(name) === parameter) ?? [];
  const shape = own === undefined ? null : (declared[own] ?? null);
  if (!isObject(shape)) return {};
  return Object.fromEntries(Object.entries(shape).filter(([key]) => key !== 'Default'));
}

/** The entries without the deployment bucket of osls: the zips lie in a bucket of the user. */
function record(
  entries: Readonly<Record<string, Json>>,
  aliases: ReadonlyMap<string, string>,
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(entries)
      .filter(([name]) => !DEPLOYMENT_BUCKET.test(name))
      .map(([name, value]) => [name, replace(value, aliases)]),
  );
}

function replace(value: Json, aliases: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return replaceText(value);
  if (Array.isArray(value)) return value.map((item: Json) => replace(item, aliases));
  if (!isObject(value)) return value;
  const { 'Fn::Sub': sub, Ref: reference, S3Bucket, S3Key } = value;
  if (typeof reference === 'string') return { Ref: aliases.get(reference) ?? reference };
  if (typeof sub === 'string') return { 'Fn::Sub': marksInSub(sub, aliases) };
  if (S3Bucket !== undefined && typeof S3Key === 'string') {
    return { S3Bucket: { Ref: 'codeBucket' }, S3Key: { 'Fn::Sub': `\${codePrefix}${ZIP.exec(S3Key)?.[1]}` } };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, aliases)]));
}

/** A value that is a mark becomes a reference; one that has a mark in it, a substitution. */
function replaceText(text: string): Json {
  const mark = WHOLE_MARK.exec(text);
  if (mark?.[1] !== undefined) return { Ref: mark[1] };
  if (!text.includes(STAGE_MARK) && !text.includes(markOf('').slice(0, -1))) return text;
  // What CloudFormation would take for a reference of its own is text here.
  return { 'Fn::Sub': marksInSub(text.replaceAll('${', '${!'), new Map()) };
}

function marksInSub(text: string, aliases: ReadonlyMap<string, string>): string {
  return text
    .replace(/\$\{(\w+)\}/g, (all, name: string) => (aliases.has(name) ? `\${${aliases.get(name)}}` : all))
    .replaceAll(STAGE_MARK, `\${stage}`)
    .replace(MARK, (_, name: string) => `\${${name}}`);
}

function checkComplete(template: Template, settings: readonly Parameter[]): void {
  const { Conditions, Outputs, Resources } = template;
  const text = JSON.stringify([Conditions, Outputs, Resources]);
  const left = text.match(MARK) ?? text.match(STAGE_MARK);
  if (left !== null) throw new Error(`the packaged template still has ${left[0]}`);
  const unused = settings
    .map(({ parameter }) => parameter)
    .filter((name) => !text.includes(`{"Ref":"${name}"}`) && !text.includes(`\${${name}}`));
  if (unused.length > 0) throw new Error(`the packaged template does not use ${unused.join(', ')}`);
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const fieldOf = (value: Json, key: string): Json => (isObject(value) ? (value[key] ?? null) : null);
