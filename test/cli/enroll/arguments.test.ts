import { expect, test } from 'vitest';
import { type Command, readArguments } from '../../../cli/enroll/arguments.ts';

const secret = ['cog', 'a'.repeat(52)].join('_');
const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/devin-AbCdEf';
const enroll = { command: 'enroll', json: false, fromInput: false, secretIds: [], minutes: 30 } as const;

test.each<[string[], Command]>([
  [['--help'], { command: 'help' }],
  [['--list'], { command: 'list', json: false }],
  [['--list', '--json'], { command: 'list', json: true }],
  [['--token', '-'], { ...enroll, fromInput: true }],
  [
    ['--secret-id', arn, '--secret-id', 'shop/devin', '--json'],
    { ...enroll, json: true, secretIds: [arn, 'shop/devin'] },
  ],
  [
    ['--token', '-', '--secret-id', 'shop', '--minutes', '60'],
    { ...enroll, fromInput: true, secretIds: ['shop'], minutes: 60 },
  ],
])('%j is understood', (args, command) => {
  expect(readArguments(args)).toEqual(command);
});

test.each<[string, string[], RegExp]>([
  ['nothing', [], /--token -, --secret-id or --list is missing/],
  ['a token among the arguments', ['--token', secret], /visible to others, use standard input/],
  ['a token beside the dash', ['--token', '-', '--token', secret], /visible to others/],
  ['a token without an option', [secret], /unknown or incomplete arguments/],
  ['a token as an option', [`--${secret}`], /unknown or incomplete arguments/],
  ['a token as a secret id', ['--secret-id', secret], /must be the name or ARN of a secret/],
  ['an option without its value', ['--secret-id'], /unknown or incomplete arguments/],
  ['an empty secret id', ['--secret-id', ''], /must be the name or ARN/],
  ['a list of something', ['--list', '--secret-id', 'shop'], /--list goes with --json alone/],
  ['no minute', ['--token', '-', '--minutes', '0'], /whole number from 1 to 60/],
  ['too many minutes', ['--token', '-', '--minutes', '61'], /whole number from 1 to 60/],
  ['minutes that are no number', ['--token', '-', '--minutes', secret], /whole number from 1 to 60/],
])('%s is wrong, and the reason quotes nothing', (_, args, reason) => {
  const command = readArguments(args);
  expect(command).toEqual({ command: 'wrong', reason: expect.stringMatching(reason) });
  expect(JSON.stringify(command)).not.toContain('aaaaaaaa');
});
