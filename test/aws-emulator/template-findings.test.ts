import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { templatePath } from '../package/packaged.ts';

const python = inject('python');
const checkov = inject('checkov');

/** osls itself writes a DependsOn that a GetAtt or a Ref implies. */
const OF_OSLS = 'W3005';

/** What checkov finds, and why it stays so. */
const ACCEPTED: Readonly<Record<string, string>> = {
  CKV_AWS_18:
    'access logs of a bucket need another bucket; the account logs calls of S3 in CloudTrail if it wants to',
  CKV_AWS_21: 'of the bucket of osls, which holds packages and nothing that has to be kept',
  CKV_AWS_26: 'a topic with the key of AWS takes no alarms of CloudWatch, and no message holds a token',
  CKV_AWS_27: 'the queues are encrypted by SQS itself (SqsManagedSseEnabled), which the check does not know',
  CKV_AWS_115: 'a reservation is a setting of the webhook; a new account cannot reserve any concurrency',
  CKV_AWS_116:
    'the event of a leak may hold the leaked token, which a queue would keep; the other functions run again by their schedules',
  CKV_AWS_117: 'a VPC costs a NAT gateway; no function reaches anything but public APIs and those of AWS',
  CKV_AWS_149: 'the secrets of the stack have the key of AWS; one of your own is a choice, see secretKeyArns',
  CKV_AWS_158: 'logs are encrypted by CloudWatch, and hold no token',
  CKV_AWS_173: 'variables hold names of secrets, never their values, and Lambda encrypts them',
  CKV_AWS_258: 'GitHub signs its deliveries and knows no IAM: the function checks the signature',
};

describe.skipIf(python === undefined)('the packaged template', () => {
  test('has no error and no warning of cfn-lint', () => {
    const { stdout } = run(join(dirname(python ?? ''), 'cfn-lint'), ['--format', 'json', '--', templatePath]);
    const found: { Rule: { Id: string }; Message: string }[] = JSON.parse(stdout);

    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(({ Rule }) => Rule.Id !== OF_OSLS)).toEqual([]);
  });

  test('has no finding of checkov but those that are accepted with a reason, each of which is there', () => {
    const args = ['--framework', 'cloudformation', '--output', 'json', '--skip-download', '--quiet'];
    const { stdout } = run(checkov, ['-m', 'checkov.main', ...args, '--file', templatePath]);
    const { results, summary } = JSON.parse(stdout);
    const failed: { check_id: string; resource: string }[] = results.failed_checks;

    expect(summary.passed).toBeGreaterThan(50);
    expect(failed.filter(({ check_id }) => ACCEPTED[check_id] === undefined)).toEqual([]);
    expect([...new Set(failed.map(({ check_id }) => check_id))].sort()).toEqual(Object.keys(ACCEPTED).sort());
  });
});

/** Both answer with an exit code of their own when they find something. */
function run(command: string | undefined, args: readonly string[]): { stdout: string } {
  const { error, stderr, stdout } = spawnSync(command ?? '', args, {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined || stdout === '') throw new Error(`no answer: ${error?.message ?? stderr}`);
  return { stdout };
}
