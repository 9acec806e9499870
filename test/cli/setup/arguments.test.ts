import { describe, expect, test } from 'vitest';
import { readArguments } from '../../../cli/setup/arguments.ts';

// Put together here, so that no scanner takes this file for a leak.
const token = ['cog', 'a'.repeat(52)].join('_');
const githubToken = ['ghp', 'b'.repeat(36)].join('_');

const given = [
  ...['--admin-secret', 'a', '--github-secret', 'g', '--webhook-secret', 'w'],
  ...['--webhook-url', 'https://hook.example.com/', '--leak-queue-url', 'https://sqs.example.com/1/leaks'],
  ...['--audit-bucket', 'audit'],
];

describe('the arguments of setup', () => {
  test('default to the stack prod, with GitHub and a rehearsal', () => {
    expect(readArguments([])).toEqual({
      command: 'setup',
      isCheck: false,
      json: false,
      sandbox: false,
      location: { kind: 'stack', name: 'devin-key-revoker-prod' },
      orgs: [],
      adminFromInput: false,
      github: undefined,
      usesGitHub: true,
      rehearses: true,
      alert: undefined,
    });
  });

  test('of a check leave the rehearsal out', () => {
    expect(readArguments(['--check', '--stage', 'trial', '--no-github', '--json'])).toMatchObject({
      isCheck: true,
      rehearses: false,
      usesGitHub: false,
      json: true,
      location: { name: 'devin-key-revoker-trial' },
    });
  });

  test('describe a deployment without a stack', () => {
    expect(
      readArguments([...given, '--devin-api-url', 'https://api.acme.devinenterprise.com']),
    ).toMatchObject({
      location: {
        kind: 'given',
        outputs: {
          adminSecret: 'a',
          githubSecret: 'g',
          webhookSecret: 'w',
          webhookUrl: 'https://hook.example.com/',
          leakQueueUrl: 'https://sqs.example.com/1/leaks',
          auditBucket: 'audit',
        },
        settings: new Map([
          ['devinApiUrl', 'https://api.acme.devinenterprise.com'],
          ['githubApiUrl', ''],
          ['githubSecretTypes', ''],
        ]),
      },
    });
  });

  test('name an alert to rehearse', () => {
    expect(readArguments(['--alert', 'acme/web.shop#42'])).toMatchObject({
      alert: { owner: 'acme', repo: 'web.shop', number: 42 },
    });
  });

  test.each<[string, string[], string]>([
    ['an unknown option', ['--token', 'x'], 'unknown or incomplete arguments'],
    ['a word too many', ['prod'], 'unknown or incomplete arguments'],
    ['a token as the admin token', ['--admin-token', token], '--admin-token takes only "-"'],
    ['a token as the GitHub token', ['--github-token', githubToken], '--github-token takes only "-"'],
    ['a Devin token elsewhere', ['--org', token], 'no argument may be a token'],
    ['a GitHub token elsewhere', ['--stack', githubToken], 'no argument may be a token'],
    ['two readers of standard input', ['--admin-token', '-', '--github-token', '-'], 'run it once for each'],
    ['half an App', ['--github-app-id', '1'], 'a GitHub App takes --github-app-id'],
    ['an App and a token', ['--github-token', '-', '--github-app-id', '1'], 'does not go with a GitHub App'],
    [
      'a path as an installation',
      ['--github-app-id', '1', '--github-installation-id', '../1', '--github-app-key', 'k'],
      '--github-installation-id must be a number',
    ],
    ['a path as an organisation', ['--org', '../x'], '--org must be the name'],
    ['an alert without a number', ['--alert', 'acme/web'], '--alert must be such as'],
    ['a check with a token', ['--check', '--admin-token', '-'], '--check changes nothing, so --admin-token'],
    ['a check with an alert', ['--check', '--alert', 'acme/web#1'], '--check changes nothing, so --alert'],
    [
      'an organisation without GitHub',
      ['--no-github', '--org', 'acme'],
      '--no-github does not go with --org',
    ],
    ['a stack and a stage', ['--stack', 'a', '--stage', 'b'], 'give one'],
    ['a stage that is no name', ['--stage', 'a b'], 'not the name of a stack'],
    ['a deployment in part', given.slice(0, 4), '--webhook-secret, --webhook-url'],
    ['a deployment and a stage', [...given, '--stage', 'prod'], 'does not go with --stack or --stage'],
    ['settings of a stack', ['--secret-types', 'x'], 'a stack has its own settings'],
    [
      'an address in clear text',
      [...given, '--devin-api-url', 'http://api.devin.ai'],
      '--devin-api-url must be an https URL',
    ],
  ])('are refused: %s', (_title, args, reason) => {
    const command = readArguments(args);

    expect(command).toEqual({ command: 'wrong', reason: expect.stringContaining(reason) });
    for (const secret of [token, githubToken]) expect(JSON.stringify(command)).not.toContain(secret);
  });
});
