import { describe, expect, inject, test } from 'vitest';
import { readResources } from '../package/packaged.ts';
import { ablate } from './ablate-template.ts';
import { ADMINISTRATOR, evaluatePolicies, type Request, type Verdict } from './evaluate-policies.ts';
import { arnOf, parameterArn } from './resolve-template.ts';
import { ACCOUNT } from './start-emulator.ts';

const python = inject('python') ?? '';

// A row: the action, and on what. `AuditBucket/records/x` is an object, and any other name a logical id of the template.
type Row = readonly [action: string, ...resources: string[]];
interface Rights {
  readonly can: readonly Row[];
  readonly cannot: readonly Row[];
}

const RECORD = 'AuditBucket/records/date=2026-11-24/github/acme/web/1/90-outcome.json';
const INTENT = 'AuditBucket/records/date=2026-11-24/github/acme/web/1/10-intent.json';
const ACKNOWLEDGED = 'AuditBucket/records/date=2026-11-24/github/acme/web/1/95-acknowledged.json';
const PLAN_RECORD = 'AuditBucket/records/date=2026-11-24/sweep/1/20-plan.json';
const ACT = 'AuditBucket/records/date=2026-11-24/act/1/25-act.json';
const OPEN_NOTE = 'AuditBucket/index/open/date=2026-11-24/0915/records/x/10-intent.json';
const STORED_NOTE = 'AuditBucket/index/stored/date=2026-11-24/records/date=2026-11-23/x/90-outcome.json';
const ENTRY = 'AuditBucket/registry/0123.json';
const LEASE = 'AuditBucket/leases/leak/service-user-1/1.json';
const RECHECK = 'AuditBucket/rechecks/date=2026-11-24/1.json';
const FORMER = 'AuditBucket/tokens/0123.json';
const PLAN = 'AuditBucket/plans/20261124T030000Z-5f0c2b1a/start.json';
const WARNING = 'AuditBucket/warnings/service-user-1/key-1/expires-1-7d.json';
const SWITCH = 'AuditBucket/control/sweeps/1.json';
const OWNERS = 'AuditBucket/owners/owners.json';
const LEDGER = 'AuditBucket/sweeps/alerts/1.json';
const STATE = 'AuditBucket/state/reconcile/1.json';
const EXPERIMENT = 'AuditBucket/experiments/service-user-1.json';
const DIGEST = 'AuditBucket/digests/2026/11/2026-11-24.json';
const REPORTED = 'AuditBucket/records/date=2026-11-24/webhook/msg_1/0123456789abcdef/90-outcome.json';
const OBJECTS = [
  REPORTED,
  ...[RECORD, INTENT, ACKNOWLEDGED, PLAN_RECORD, ACT, OPEN_NOTE, STORED_NOTE, ENTRY, LEASE, RECHECK, FORMER],
  ...[PLAN, WARNING, SWITCH, OWNERS, LEDGER, STATE, EXPERIMENT, DIGEST],
];
const CONSUME = [
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ChangeMessageVisibility',
];
const SECRETS = [
  ...['AdminTokenSecret', 'GithubTokenSecret', 'WebhookSecret'],
  ...['StandbyArn', 'ActivityTokenArn', 'AuditHttpArn', 'SlackArn'],
];
const QUEUES = ['LeakQueue', 'BacklogQueue', 'LeakDeadLetterQueue', 'SweepQueue', 'SweepDeadLetterQueue'];
const FUNCTIONS = Object.entries(readResources()).flatMap(([id, { Type }]) =>
  Type === 'AWS::Lambda::Function' ? [id.replace(/LambdaFunction$/, '')] : [],
);
const each = (actions: readonly string[], ...resources: string[]): Row[] =>
  actions.map((action) => [action, ...resources]);
const without = (all: readonly string[], ...some: string[]) => all.filter((one) => !some.includes(one));

/** What one role may do of what several may do in parts; all the rest of these actions it may not. */
interface Grants {
  readonly logs?: string;
  readonly secrets?: readonly string[];
  /** Through Secrets Manager alone. */
  readonly decrypts?: boolean;
  /** Makes keys that seal tokens on the queue, or opens what they sealed. */
  readonly seals?: boolean;
  readonly opens?: boolean;
  readonly sends?: readonly string[];
  readonly consumes?: readonly string[];
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  readonly lists?: boolean;
  readonly notifies?: boolean;
  readonly invokes?: readonly string[];
  readonly more?: readonly Row[];
}

function rights({
  secrets = [],
  sends = [],
  consumes = [],
  reads = [],
  writes = [],
  invokes = [],
  ...rest
}: Grants): Rights {
  const split = (actions: readonly string[], all: readonly string[], some: readonly string[]) => ({
    can: each(actions, ...some),
    cannot: each(actions, ...without(all, ...some)),
  });
  const parts = [
    split(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      FUNCTIONS.map((name) => `${name}LogGroup`),
      rest.logs ? [rest.logs] : [],
    ),
    split(['secretsmanager:GetSecretValue'], SECRETS, secrets),
    split(
      ['kms:Decrypt'],
      ['SecretKeyArns', 'AuditKey', 'SealingKey'],
      [...(rest.decrypts ? ['SecretKeyArns'] : []), ...(rest.opens ? ['SealingKey'] : [])],
    ),
    split(['kms:GenerateDataKey'], ['SealingKey', 'AuditKey'], rest.seals ? ['SealingKey'] : []),
    split(['kms:Encrypt'], ['SealingKey', 'AuditKey'], []),
    split(['sqs:SendMessage'], QUEUES, sends),
    split(CONSUME, QUEUES, consumes),
    split(['s3:GetObject'], OBJECTS, reads),
    split(['s3:PutObject'], OBJECTS, writes),
    split(['s3:ListBucket'], ['AuditBucket'], rest.lists ? ['AuditBucket'] : []),
    split(['sns:Publish'], ['AlarmTopic'], rest.notifies ? ['AlarmTopic'] : []),
    split(
      ['lambda:InvokeFunction'],
      FUNCTIONS.map((name) => `${name}LambdaFunction`),
      invokes,
    ),
  ];
  return {
    can: [...parts.flatMap(({ can }) => can), ...(rest.more ?? [])],
    cannot: parts.flatMap(({ cannot }) => cannot),
  };
}

const RECORDS = [RECORD, INTENT, REPORTED, ACKNOWLEDGED, PLAN_RECORD, ACT];

const RIGHTS: Readonly<Record<string, Rights>> = {
  // On the internet: it reads one secret and sends to one queue.
  WebhookRole: rights({
    logs: 'WebhookLogGroup',
    seals: true,
    secrets: ['WebhookSecret'],
    sends: ['LeakQueue'],
  }),
  // It holds the admin token, and is reached through the queues and by who may invoke it.
  RevokeRole: rights({
    logs: 'RevokeLogGroup',
    secrets: without(SECRETS, 'WebhookSecret', 'SlackArn'),
    opens: true,
    decrypts: true,
    sends: ['LeakQueue'],
    consumes: ['LeakQueue', 'BacklogQueue'],
    reads: [...RECORDS, ENTRY, LEASE, RECHECK, FORMER],
    writes: [...RECORDS, ENTRY, LEASE, RECHECK, OPEN_NOTE, STORED_NOTE],
    lists: true,
    notifies: true,
  }),
  // It queues revocations, and cannot say that one was made.
  SweepKeysRole: rights({
    logs: 'SweepDashkeysLogGroup',
    secrets: without(SECRETS, 'WebhookSecret', 'GithubTokenSecret'),
    decrypts: true,
    sends: ['BacklogQueue', 'SweepQueue'],
    consumes: ['SweepQueue'],
    reads: [PLAN, WARNING, SWITCH, OWNERS],
    writes: [PLAN, WARNING, SWITCH, PLAN_RECORD, ACT, STORED_NOTE],
    lists: true,
    notifies: true,
    more: [['ses:SendEmail', 'Sender']],
  }),
  SweepAlertsRole: rights({
    logs: 'SweepDashalertsLogGroup',
    secrets: ['GithubTokenSecret'],
    sends: ['LeakQueue', 'BacklogQueue'],
    reads: [...RECORDS, RECHECK, LEDGER],
    writes: [LEDGER],
    lists: true,
  }),
  // It reads all that is stored, and can neither act nor change what it signs.
  DigestRole: rights({
    logs: 'DigestLogGroup',
    secrets: ['AuditHttpArn'],
    decrypts: true,
    reads: OBJECTS,
    writes: [DIGEST],
    lists: true,
    notifies: true,
    more: [
      ['s3:ListBucketVersions', 'AuditBucket'],
      ['s3:GetObjectVersion', RECORD],
      ['kms:Sign', 'AuditKey'],
    ],
  }),
  ReconcileRole: rights({
    logs: 'ReconcileLogGroup',
    secrets: ['AuditHttpArn'],
    decrypts: true,
    sends: ['LeakQueue'],
    reads: [...RECORDS, STATE],
    writes: [STATE, ACKNOWLEDGED, STORED_NOTE],
    lists: true,
  }),
  // It reads tokens; it can queue no report, and writes no record but that of a person who enrols.
  EnrollRole: rights({
    logs: 'EnrollLogGroup',
    // All of them, since all carry the tag here.
    secrets: SECRETS,
    decrypts: true,
    reads: [ENTRY, EXPERIMENT, LEASE],
    writes: [ENTRY, EXPERIMENT, ACT],
    lists: true,
    more: [['secretsmanager:ListSecrets', '*']],
  }),
  // It makes keys with the admin token, and signs leaks as a detector does.
  DrillRole: rights({
    logs: 'DrillLogGroup',
    secrets: ['AdminTokenSecret', 'WebhookSecret', 'StandbyArn'],
    decrypts: true,
    reads: [REPORTED],
    lists: true,
    notifies: true,
  }),
  SchedulerRole: rights({
    sends: ['SweepDeadLetterQueue'],
    invokes: [
      'SweepDashkeysLambdaFunction',
      'SweepDashalertsLambdaFunction',
      'EnrollLambdaFunction',
      'DrillLambdaFunction',
    ],
  }),
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
  const resources = python === '' ? {} : ablate(readResources(), process.env.ABLATE);
  const roles = Object.keys(resources).filter((id) => resources[id]?.Type === 'AWS::IAM::Role');
  const context = {
    's3:if-none-match': '*',
    's3:ObjectCreationOperation': 'true',
    'kms:SigningAlgorithm': 'ECDSA_SHA_256',
    'kms:EncryptionContext:report_id': 'sweep/1',
    'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com',
    'ses:FromAddress': parameterArn('OwnersFrom'),
    'aws:ResourceTag/devin-key-revoker:enroll': 'true',
  };

  function arn(name: string): string {
    const [id = '', ...path] = name.split('/');
    if (id === '*') return id;
    if (id === 'Sender') return `arn:aws:ses:us-east-1:${ACCOUNT}:identity/key-revoker@example.com`;
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

  test('a key of other people decrypts a secret alone, and a mail has the one sender', () => {
    const readers = roles.filter((who) => JSON.stringify(RIGHTS[who]?.can).includes('kms:Decrypt'));
    const direct = readers.map((who) => ({ who, action: 'kms:Decrypt', resource: arn('SecretKeyArns') }));
    const elsewhere = direct.map((request) => ({
      ...request,
      context: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' },
    }));
    const mail = { who: 'SweepKeysRole', action: 'ses:SendEmail', resource: arn('Sender') };
    const forged = { ...mail, context: { 'ses:FromAddress': 'ceo@example.com' } };

    expect(readers.length).toBeGreaterThan(3);
    expect(others([...direct, ...elsewhere, mail, forged], ['ImplicitDeny', 'Deny'])).toEqual([]);
  });

  test('the enrolment reads our own tokens and tagged secrets, and no other', () => {
    const action = 'secretsmanager:GetSecretValue';
    const read = (names: readonly string[], context: Record<string, string>) =>
      names.map((name) => ({ who: 'EnrollRole', action, resource: arn(name), context }));
    const own = ['AdminTokenSecret', 'StandbyArn', 'AuditHttpArn'];

    expect(others(read(own, {}), ['Allow'])).toEqual([]);
    expect(others(read(without(SECRETS, ...own), {}), ['ImplicitDeny'])).toEqual([]);
  });

  test('a secret is read by its ARN with and without the six characters at its end', () => {
    const [named = '', other = ''] = [parameterArn('StandbyArn'), `${parameterArn('StandbyArn')}-other`];
    const requests = [named, `${named}-Ab12Cd`].map((resource) => ({
      who: 'RevokeRole',
      action: 'secretsmanager:GetSecretValue',
      resource,
    }));

    expect(others(requests, ['Allow'])).toEqual([]);
    expect(
      others(
        requests.map((request) => ({ ...request, resource: other })),
        ['ImplicitDeny'],
      ),
    ).toEqual([]);
  });

  test('each role has its table', () => {
    expect(Object.keys(RIGHTS).sort()).toEqual([...roles].sort());
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
