import type { SettingType } from './setting.ts';
import { settingGroups, variables, wiredSettings } from './settings.ts';

const INTRODUCTION = `<!-- Generated from deploy/settings.ts by \`npm run docs:configuration\`. Edit that file, not this one. -->

# Configuration

Everything is set by the parameters below when the stack is deployed. The stages \`prod\` and \`trial\` have them all in
\`deploy/stages/\`, see [Stages](deploy.md#stages); any other stage has the defaults. To override some for one deployment:

\`\`\`sh
npx osls deploy --stage dev --region eu-central-1 \\
  --param githubSecretTypes=devin_api_key \\
  --param githubOrgs=acme \\
  --param auditLockMode=COMPLIANCE \\
  --param alarmEmail=oncall@example.com
\`\`\`

A deployment sets every parameter: one that is in no file and not named goes back to its default. A function whose settings are wrong
fails before it does anything; its error names every wrong setting and quotes no value. URLs must be https, or http on a
loopback address, and hold no credentials.

Secrets are not parameters. They are put into AWS Secrets Manager after the first deployment, see
[the secrets](#what-the-stack-sets).
`;

const WIRED = `## What the stack sets

The stack sets these variables to resources of its own. No parameter changes them. The values of the three secrets are
put into Secrets Manager: the outputs of the stack name their ARNs.
`;

const VARIABLES = `## Environment variables

What each function, \`npm run sweep\` and \`npm run enroll\` read. A reader in bold does not start without the variable; an empty variable
counts as unset. \`npm run sweep\` also takes the admin token itself, in \`DEVIN_TOKEN\`.

The functions call AWS at the endpoints of their region; \`AWS_ENDPOINT_URL\` and \`AWS_ENDPOINT_URL_<SERVICE>\` override
them, as they do in the AWS SDKs.
`;

/** docs/configuration.md as Markdown: what a deployer sets, what the stack sets, and who reads which variable. */
export function configurationPage(): string {
  const groups = settingGroups.map(({ title, about, settings }) => {
    const rows = settings.map(({ parameter, type, default: value, example, meaning }) => [
      code(parameter),
      typeText(type),
      value === '' ? 'none' : code(value),
      code(example),
      meaning,
    ]);
    return `## ${title}\n\n${about}\n\n${table(['parameter', 'type', 'default', 'example', 'meaning'], rows)}`;
  });
  const wired = wiredSettings.map(({ variable, type, resource, meaning }) => [
    code(variable),
    typeText(type),
    code(resource),
    meaning,
  ]);
  return [
    INTRODUCTION,
    ...groups,
    `${WIRED}\n${table(['variable', 'type', 'resource', 'meaning'], wired)}`,
    `${VARIABLES}\n${table(['variable', 'set by', 'read by'], variableRows())}`,
  ].join('\n');
}

function variableRows(): string[][] {
  return variables.map((setting) => {
    const { variable, readBy, requiredBy = [] } = setting;
    const readers = readBy.map((name) => (requiredBy.includes(name) ? `**${code(name)}**` : code(name)));
    const source = setting.from === 'parameter' ? code(setting.parameter) : 'the stack';
    return [code(variable), source, readers.join(', ')];
  });
}

function typeText(type: SettingType): string {
  switch (type.kind) {
    case 'flag':
      return '`true` or `false`';
    case 'choice':
      return type.values.map(code).join(' or ');
    case 'whole':
      return `${type.of}, ${number(type.minimum)} to ${number(type.maximum)}`;
    case 'number':
      return `${type.of}, ${type.minimum} to ${type.maximum}`;
    case 'share':
      return 'number, 0 to 1';
    case 'url':
      return 'URL';
    case 'list':
      return `comma list of ${type.of}`;
    case 'text':
      return type.of;
    default:
      return type satisfies never;
  }
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return `${line(header)}|${'---|'.repeat(header.length)}\n${rows.map(line).join('')}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function number(value: number): string {
  return value.toLocaleString('en-GB');
}
