import { describe, expect, test } from 'vitest';
import { readZip } from './packaged.ts';
import { arn, functions, resource } from './resources.ts';

describe.each(functions)('the function $name', ({ name, id, role, timeout, memory }) => {
  test('runs on Node 24 for arm64 under a role of its own', () => {
    expect(resource(id).Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: `handlers/${name}.handler`,
      Timeout: timeout,
      MemorySize: memory,
      Role: arn(role),
    });
  });

  test('gets references to secrets in its environment, never their values', () => {
    const variables: Record<string, unknown> = resource(id).Properties.Environment.Variables;

    for (const [key, value] of Object.entries(variables).filter(([key]) => key.endsWith('_SECRET_ID'))) {
      expect(JSON.stringify(value), key).toMatch(/^\{"(?:Ref|Fn::If)":/);
    }
    expect(JSON.stringify(variables)).not.toMatch(
      /cog_|whsec_|gh[pousr]_|github_pat_|resolve:secretsmanager/,
    );
  });

  test('keeps its log for a year, beyond the stack and without a name that could block the next one', () => {
    const group = id.replace('LambdaFunction', 'LogGroup');

    expect(resource(group)).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { LogGroupName: { Ref: 'AWS::NoValue' }, RetentionInDays: 365 },
    });
    expect(resource(id).Properties.LoggingConfig).toEqual({ LogGroup: { Ref: group } });
  });

  test('is packaged as its bundle, with the files beside it that it loads, and nothing else', () => {
    const files = readZip(name);
    // What is beside the bundle may load others.
    const expected = new Set([`handlers/${name}.cjs`]);
    for (const file of expected) {
      const text = Buffer.from(files[file] ?? expect.fail(`${file} is missing`)).toString();
      for (const [, loaded] of text.matchAll(/import\("\.\/([a-z0-9-]+\.cjs)"\)/g)) {
        expected.add(`handlers/${loaded}`);
      }
    }
    expect(Object.keys(files).sort()).toEqual([...expected].sort());
    for (const file of Object.values(files)) expect(file.length).toBeLessThan(1024 * 1024);
  });
});

test('the webhook has a concurrency of its own when it is asked for, and no other function has', () => {
  const reserved = functions.map(({ id }) => resource(id).Properties.ReservedConcurrentExecutions);

  expect(reserved.filter((value) => value !== undefined)).toEqual([
    { 'Fn::If': ['HasWebhookConcurrency', { Ref: 'WebhookConcurrency' }, { Ref: 'AWS::NoValue' }] },
  ]);
  expect(resource('WebhookLambdaFunction').Properties.ReservedConcurrentExecutions).toBeDefined();
});

describe('the environment of a function', () => {
  test.each([
    [
      'WebhookLambdaFunction',
      [
        'DRY_RUN',
        'GITHUB_SECRET_TYPES',
        'GITLAB_TOKEN_TYPES',
        'LEAK_QUEUE_URL',
        'SEALING_KEY_ID',
        'WEBHOOK_SECRET_ID',
      ],
    ],
    [
      'RevokeLambdaFunction',
      [
        'ACTIVITY_TOKEN_SECRET_ID',
        'ADMIN_TOKEN_SECRET_ID',
        'AFTERMATH',
        'AFTERMATH_MARGIN_HOURS',
        'AFTERMATH_MAX',
        'AMBIGUOUS_KEY',
        'ATTRIBUTION_ERROR',
        'AUDIT_BUCKET',
        'AUDIT_HTTP_SECRET_ID',
        'AUDIT_HTTP_URL',
        'DEVIN_API_URL',
        'DRY_RUN',
        'GITHUB_API_URL',
        'GITHUB_TOKEN_SECRET_ID',
        'LEAK_QUEUE_URL',
        'NOTIFY',
        'NOTIFY_TOPIC_ARN',
        'PROOF_WINDOW_SECONDS',
        'SEALING_KEY_ID',
        'SEARCH_SECONDS',
        'STANDBY_TOKEN_SECRET_ID',
      ],
    ],
    [
      'SweepDashkeysLambdaFunction',
      [
        'ACTIVITY_TOKEN_SECRET_ID',
        'ADMIN_TOKEN_SECRET_ID',
        'AUDIT_BUCKET',
        'AUDIT_HTTP_SECRET_ID',
        'AUDIT_HTTP_URL',
        'BACKLOG_QUEUE_URL',
        'DEVIN_API_URL',
        'DRY_RUN',
        'LEAK_QUEUE_URL',
        'NODE_OPTIONS',
        'NOTIFY_TOPIC_ARN',
        'OWNERS',
        'OWNERS_FROM',
        'SLACK_API_URL',
        'SLACK_TOKEN_SECRET_ID',
        'STANDBY_TOKEN_SECRET_ID',
        'SWEEP_EXEMPT',
        'SWEEP_MAX_AGE_DAYS',
        'SWEEP_MAX_IDLE_DAYS',
        'SWEEP_MAX_RATIO',
        'SWEEP_MAX_REVOCATIONS',
        'SWEEP_MODE',
        'SWEEP_PLAN_DAYS',
        'SWEEP_QUEUE_URL',
        'SWEEP_WARN_DAYS',
      ],
    ],
    [
      'SweepDashalertsLambdaFunction',
      [
        'AUDIT_BUCKET',
        'BACKLOG_PER_MINUTE',
        'BACKLOG_QUEUE_URL',
        'DRY_RUN',
        'GITHUB_API_URL',
        'GITHUB_ORGS',
        'GITHUB_SECRET_TYPES',
        'GITHUB_TOKEN_SECRET_ID',
        'LEAK_QUEUE_URL',
      ],
    ],
    [
      'DigestLambdaFunction',
      [
        'AUDIT_BUCKET',
        'AUDIT_HTTP_SECRET_ID',
        'AUDIT_HTTP_URL',
        'AUDIT_KEY_ID',
        'DRY_RUN',
        'NOTIFY_TOPIC_ARN',
      ],
    ],
    [
      'ReconcileLambdaFunction',
      ['AUDIT_BUCKET', 'AUDIT_HTTP_SECRET_ID', 'AUDIT_HTTP_URL', 'DRY_RUN', 'LEAK_QUEUE_URL'],
    ],
    [
      'EnrollLambdaFunction',
      [
        'ADMIN_TOKEN_SECRET_ID',
        'AUDIT_BUCKET',
        'AUDIT_HTTP_SECRET_ID',
        'AUDIT_HTTP_URL',
        'DEVIN_API_URL',
        'DRY_RUN',
        'STANDBY_TOKEN_SECRET_ID',
      ],
    ],
  ])('is the one of the contract for %s', (id, names) => {
    expect(Object.keys(resource(id).Properties.Environment.Variables).sort()).toEqual(names);
  });
});
