import { describe, expect, inject, test } from 'vitest';
import { readResources } from '../package/packaged.ts';
import { ADMINISTRATOR, evaluatePolicies, type Request, type Verdict } from './evaluate-policies.ts';
import { arnOf, parameterArn } from './resolve-template.ts';

const python = inject('python') ?? '';

// A row: the action, and on what. `AuditBucket/records/x` is an object, and any other name a logical id of the template.
type Row = readonly [action: string, ...resources: string[]];
interface Rights {
  readonly can: readonly Row[];
  readonly cannot: readonly Row[];
}

const RECORD = 'AuditBucket/records/date=2026-11-24/github/acme/web/1/90-outcome.json';
const INTENT = 'AuditBucket/records/date=2026-11-24/github/acme/web/1/10-intent.json';
const PLAN = 'AuditBucket/plans/20261124T030000Z-5f0c2b1a/start.json';
const DIGEST = 'AuditBucket/digests/2026/11/2026-11-24.json';
const SWITCH = 'AuditBucket/control/sweeps/1.json';
const CONSUME = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];
const SECRETS = ['AdminTokenSecret', 'GithubTokenSecret', 'WebhookSecret', 'StandbyArn', 'AuditHttpArn'];
const QUEUES = ['LeakQueue', 'LeakDeadLetterQueue', 'SweepQueue', 'SweepDeadLetterQueue'];
const each = (actions: readonly string[], ...resources: string[]): Row[] =>
  actions.map((action) => [action, ...resources]);
const without = (all: readonly string[], ...some: string[]) => all.filter((one) => !some.includes(one));

const RIGHTS: Readonly<Record<string, Rights>> = {
  // On the internet: it reads one secret and sends to one queue.
  WebhookRole: {
    can: [
      ['secretsmanager:GetSecretValue', 'WebhookSecret'],
      ['sqs:SendMessage', 'LeakQueue'],
      ['logs:PutLogEvents', 'WebhookLogGroup'],
    ],
    cannot: [
      ['secretsmanager:GetSecretValue', ...without(SECRETS, 'WebhookSecret')],
      ...each(CONSUME, ...QUEUES),
      ['sqs:SendMessage', ...without(QUEUES, 'LeakQueue')],
      ['s3:GetObject', RECORD, PLAN, DIGEST],
      ['s3:PutObject', RECORD, PLAN, SWITCH, DIGEST],
      ['s3:ListBucket', 'AuditBucket'],
      ['logs:PutLogEvents', 'RevokeLogGroup'],
    ],
  },
  // It holds the admin token, and is reached through the queue alone.
  RevokeRole: {
    can: [
      ['secretsmanager:GetSecretValue', ...without(SECRETS, 'WebhookSecret')],
      ...each(CONSUME, 'LeakQueue'),
      ['s3:PutObject', INTENT, RECORD],
      ['s3:GetObject', INTENT, RECORD],
      ['s3:ListBucket', 'AuditBucket'],
    ],
    cannot: [
      ['secretsmanager:GetSecretValue', 'WebhookSecret'],
      ...each(CONSUME, ...without(QUEUES, 'LeakQueue')),
      ['sqs:SendMessage', 'LeakDeadLetterQueue', 'SweepQueue', 'SweepDeadLetterQueue'],
      ['s3:PutObject', PLAN, SWITCH, DIGEST],
    ],
  },
  // It queues revocations, and cannot say that one was made.
  SweepKeysRole: {
    can: [
      ['secretsmanager:GetSecretValue', 'AdminTokenSecret', 'StandbyArn'],
      ['sqs:SendMessage', 'SweepQueue'],
      ...each(CONSUME, 'SweepQueue'),
      ['s3:PutObject', PLAN, SWITCH, 'AuditBucket/records/date=2026-11-24/sweep/1/20-plan.json'],
      ['s3:GetObject', PLAN],
      ['sns:Publish', 'AlarmTopic'],
    ],
    cannot: [
      ['secretsmanager:GetSecretValue', 'WebhookSecret', 'GithubTokenSecret'],
      ...each(CONSUME, 'LeakQueue', 'LeakDeadLetterQueue'),
      ['s3:PutObject', INTENT, RECORD, DIGEST],
    ],
  },
  SweepAlertsRole: {
    can: [
      ['secretsmanager:GetSecretValue', 'GithubTokenSecret'],
      ['s3:GetObject', RECORD],
    ],
    cannot: [
      ['secretsmanager:GetSecretValue', ...without(SECRETS, 'GithubTokenSecret')],
      ...each(CONSUME, 'LeakQueue', 'LeakDeadLetterQueue'),
      ['s3:PutObject', INTENT, RECORD, PLAN, SWITCH, DIGEST],
    ],
  },
  // It reads all that is stored, and can neither act nor change what it signs.
  DigestRole: {
    can: [
      ['s3:GetObject', RECORD, PLAN, DIGEST],
      ['s3:PutObject', DIGEST],
      ['kms:Sign', 'AuditKey'],
    ],
    cannot: [
      ['secretsmanager:GetSecretValue', ...without(SECRETS, 'AuditHttpArn')],
      ['sqs:SendMessage', ...QUEUES],
      ...each(CONSUME, ...QUEUES),
      ['s3:PutObject', INTENT, RECORD, PLAN, SWITCH],
    ],
  },
  ReconcileRole: {
    can: [
      ['s3:GetObject', RECORD],
      ['sqs:SendMessage', 'LeakQueue'],
    ],
    cannot: [
      ['secretsmanager:GetSecretValue', ...without(SECRETS, 'AuditHttpArn')],
      ...each(CONSUME, 'LeakQueue', 'LeakDeadLetterQueue'),
      ['s3:PutObject', INTENT, RECORD, PLAN, SWITCH, DIGEST],
    ],
  },
  SchedulerRole: {
    can: [
      ['lambda:InvokeFunction', 'SweepDashkeysLambdaFunction', 'SweepDashalertsLambdaFunction'],
      ['sqs:SendMessage', 'SweepDeadLetterQueue'],
    ],
    cannot: [
      ['lambda:InvokeFunction', 'RevokeLambdaFunction', 'WebhookLambdaFunction', 'DigestLambdaFunction'],
      ['sqs:SendMessage', 'LeakQueue', 'SweepQueue'],
      ['secretsmanager:GetSecretValue', ...SECRETS],
      ['s3:GetObject', RECORD],
    ],
  },
};

/** No role of the template may do any of this, to anything in it. */
const NEVER = [
  ...['DeleteObject', 'DeleteObjectVersion', 'BypassGovernanceRetention', 'PutObjectRetention'],
  ...['PutObjectLegalHold', 'PutBucketObjectLockConfiguration', 'PutBucketPolicy', 'DeleteBucketPolicy'],
  ...['PutLifecycleConfiguration', 'PutBucketVersioning', 'PutReplicationConfiguration', 'DeleteBucket'],
]
  .map((name) => `s3:${name}`)
  .concat(['kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:PutKeyPolicy', 'kms:CreateGrant'])
  .concat(['secretsmanager:DeleteSecret', 'secretsmanager:PutResourcePolicy'])
  .concat(['sqs:PurgeQueue', 'sqs:DeleteQueue', 'sqs:SetQueueAttributes', 'sqs:AddPermission'])
  .concat(['lambda:UpdateFunctionCode', 'lambda:UpdateFunctionConfiguration', 'lambda:AddPermission'])
  .concat([
    'iam:PassRole',
    'iam:PutRolePolicy',
    'sts:AssumeRole',
    'logs:DeleteLogGroup',
    'logs:DeleteLogStream',
  ])
  .concat(['events:DisableRule', 'cloudwatch:DisableAlarmActions', 'cloudformation:DeleteStack']);

describe.skipIf(python === '')('least privilege, by the policy evaluator', () => {
  const resources = python === '' ? {} : readResources();
  const roles = Object.keys(resources).filter((id) => resources[id]?.Type === 'AWS::IAM::Role');
  const context = {
    's3:if-none-match': '*',
    's3:ObjectCreationOperation': 'true',
    'kms:SigningAlgorithm': 'ECDSA_SHA_256',
  };

  function arn(name: string): string {
    const [id = '', ...path] = name.split('/');
    if (!(id in resources)) return parameterArn(id);
    return [arnOf(id, resources), ...path].join('/');
  }
  const requestsOf = (who: string, rows: readonly Row[]): Request[] =>
    rows.flatMap(([action, ...names]) =>
      names.map((name) => ({ who, action, resource: arn(name), context })),
    );
  /** Those that are decided otherwise, to be read in a failure. */
  function others(requests: readonly Request[], expected: readonly Verdict[]): string[] {
    const verdicts = evaluatePolicies(python, resources, requests);
    expect(verdicts).toHaveLength(requests.length);
    return requests.flatMap(({ action, resource, who }, index) => {
      const verdict = verdicts[index] ?? 'Allow';
      return expected.includes(verdict) ? [] : [`${who} ${action} ${resource}: ${verdict}`];
    });
  }

  test.each(Object.keys(RIGHTS))('%s can do its work', (role) => {
    expect(others(requestsOf(role, RIGHTS[role]?.can ?? []), ['Allow'])).toEqual([]);
  });

  test.each(Object.keys(RIGHTS))('%s cannot do the work of others', (role) => {
    expect(others(requestsOf(role, RIGHTS[role]?.cannot ?? []), ['ImplicitDeny', 'Deny'])).toEqual([]);
  });

  test.each(roles)('%s cannot delete, unlock, reconfigure or take over anything', (role) => {
    const everything = [
      ...Object.keys(resources).map((id) => arnOf(id, resources)),
      arn(RECORD),
      arn(DIGEST),
      '*',
    ];
    const requests = NEVER.flatMap((action) =>
      everything.map((resource) => ({ who: role, action, resource, context })),
    );

    expect(requests.length).toBeGreaterThan(1_000);
    expect(others(requests, ['ImplicitDeny', 'Deny'])).toEqual([]);
  });

  test('only the digest function signs, and only as digests are signed', () => {
    const all = [...roles, ADMINISTRATOR].map((who) => ({
      who,
      action: 'kms:Sign',
      resource: arn('AuditKey'),
    }));
    const asDigest = all
      .filter(({ who }) => who !== 'DigestRole')
      .map((request) => ({ ...request, context }));
    const otherwise = all.map((request) => ({
      ...request,
      context: { 'kms:SigningAlgorithm': 'ECDSA_SHA_384' },
    }));

    expect(others([...asDigest, ...otherwise], ['ImplicitDeny', 'Deny'])).toEqual([]);
  });

  test('nobody deletes a record or a version of it, an administrator included', () => {
    const requests = [...roles, ADMINISTRATOR].flatMap((who) =>
      requestsOf(
        who,
        each(['s3:DeleteObject', 's3:DeleteObjectVersion'], RECORD, INTENT, PLAN, SWITCH, DIGEST),
      ),
    );

    expect(others(requests, ['Deny'])).toEqual([]);
  });

  test('nobody reaches the bucket, the queues or the topic without TLS', () => {
    const rows: Row[] = [
      ['s3:GetObject', RECORD],
      ['s3:PutObject', RECORD],
      ...each(['sqs:SendMessage', 'sqs:ReceiveMessage'], ...QUEUES),
      ['sns:Publish', 'AlarmTopic'],
    ];
    const requests = [...roles, ADMINISTRATOR].flatMap((who) => requestsOf(who, rows));

    expect(
      others(
        requests.map((request) => ({ ...request, tls: false })),
        ['Deny'],
      ),
    ).toEqual([]);
  });

  test.runIf(JSON.stringify(resources).includes('s3:if-none-match'))(
    'nobody writes over an object, an administrator included',
    () => {
      const requests = [...roles, ADMINISTRATOR].flatMap((who) =>
        requestsOf(who, [['s3:PutObject', RECORD, INTENT, PLAN, SWITCH, DIGEST]]),
      );
      const unconditional = { 's3:ObjectCreationOperation': 'true' };

      expect(
        others(
          requests.map((request) => ({ ...request, context: unconditional })),
          ['Deny'],
        ),
      ).toEqual([]);
    },
  );

  test('a role that could delete would be found', () => {
    const { RevokeRole: role, AuditBucketPolicy: policy } = resources;
    const [{ PolicyDocument }] = role?.Properties.Policies ?? [];
    const grant = {
      Effect: 'Allow',
      Action: 's3:DeleteObject',
      Resource: { 'Fn::Sub': `\${AuditBucket.Arn}/*` },
    };
    const Policies = [{ PolicyDocument: { Statement: [...PolicyDocument.Statement, grant] } }];
    const granted = { ...resources, RevokeRole: { ...role!, Properties: { ...role?.Properties, Policies } } };
    const unprotected = { ...granted, AuditBucketPolicy: { ...policy!, Properties: {} } };
    const requests = requestsOf('RevokeRole', [['s3:DeleteObject', RECORD]]);

    expect(evaluatePolicies(python, granted, requests)).toEqual(['Deny']);
    expect(evaluatePolicies(python, unprotected, requests)).toEqual(['Allow']);
  });

  test('no statement of a role names a wildcard action or all resources', () => {
    const statements = roles.flatMap((id) =>
      (resources[id]?.Properties.Policies ?? []).flatMap(
        ({ PolicyDocument }: { PolicyDocument: { Statement: object[] } }) => PolicyDocument.Statement,
      ),
    );

    expect(statements.length).toBeGreaterThan(20);
    for (const { Action, Resource } of statements) {
      expect([Action].flat().join()).not.toContain('*');
      expect([Resource].flat()).not.toContain('*');
    }
  });
});
