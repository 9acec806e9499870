import {
  RegoEngine,
  type StandardDiagnostic,
  TemplateFile,
  type ValidateConfig,
} from '@aws/cloudformation-validate';
import { describe, expect, test } from 'vitest';
import { type Resource, readResources, readZip, templatePath } from './packaged.ts';

interface Statement {
  Sid?: string;
  Effect: string;
  Principal?: unknown;
  Action: string | string[];
  Resource?: unknown;
  Condition?: unknown;
}
interface Policy {
  Statement: Statement[];
}
const resources = readResources();
const resource = (id: string): Resource => resources[id] ?? expect.fail(`no resource ${id}`);
const ofType = (type: string): [string, Resource][] =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const inAuditBucket = (path = '*') => ({ 'Fn::Sub': `\${AuditBucket.Arn}/${path}` });
const list = <T>(value: T | T[]): T[] => [value].flat() as T[];

const functions = [
  { name: 'webhook', id: 'WebhookLambdaFunction', role: 'WebhookRole', timeout: 10, memory: 1769 },
  { name: 'revoke', id: 'RevokeLambdaFunction', role: 'RevokeRole', timeout: 90, memory: 1769 },
  { name: 'sweep-keys', id: 'SweepDashkeysLambdaFunction', role: 'SweepKeysRole', timeout: 900, memory: 512 },
  {
    name: 'sweep-alerts',
    id: 'SweepDashalertsLambdaFunction',
    role: 'SweepAlertsRole',
    timeout: 300,
    memory: 512,
  },
  { name: 'digest', id: 'DigestLambdaFunction', role: 'DigestRole', timeout: 900, memory: 512 },
  { name: 'reconcile', id: 'ReconcileLambdaFunction', role: 'ReconcileRole', timeout: 240, memory: 512 },
];

describe('the template', () => {
  test.each<[string, ValidateConfig]>([
    ['by default', {}],
    [
      'with a standby token and an address for alarms',
      {
        parameterOverrides: {
          StandbyArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:standby-AbCdEf',
          AlarmEmail: 'oncall@example.com',
        },
      },
    ],
  ])('holds nothing that CloudFormation would refuse %s', (_, config) => {
    const found = validate(config).filter(({ severity }) => severity !== 'INFO' && severity !== 'DEBUG');

    // The two that osls writes itself: a DependsOn that a GetAtt implies, and the ARN of a rule by its name.
    expect(found.filter(({ ruleId }) => ruleId !== 'W3005' && ruleId !== 'W9002')).toEqual([]);
  });

  test('has no function but those that are known here', () => {
    expect(ofType('AWS::Lambda::Function').map(([id]) => id)).toEqual(functions.map(({ id }) => id));
  });
});

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

  test('finds references to secrets in its environment, never their values', () => {
    const variables: Record<string, unknown> = resource(id).Properties.Environment.Variables;

    for (const [key, value] of Object.entries(variables).filter(([key]) => key.endsWith('_SECRET_ID'))) {
      expect(JSON.stringify(value), key).toMatch(/^\{"(?:Ref|Fn::If)":/);
    }
    expect(JSON.stringify(variables)).not.toMatch(
      /cog_|whsec_|gh[pousr]_|github_pat_|resolve:secretsmanager/,
    );
  });

  test('keeps its log for a year', () => {
    expect(resource(id.replace('LambdaFunction', 'LogGroup')).Properties).toMatchObject({
      LogGroupName: expect.stringContaining(name),
      RetentionInDays: 365,
    });
  });

  test('is packed as its bundle, with the SDK client beside it where secrets are read, and nothing else', () => {
    const files = readZip(name);
    const readsSecrets = Object.keys(resource(id).Properties.Environment.Variables).some((variable) =>
      variable.endsWith('_SECRET_ID'),
    );

    const expected = [`handlers/${name}.cjs`, ...(readsSecrets ? ['handlers/secrets-sdk.cjs'] : [])];
    expect(Object.keys(files).sort()).toEqual(expected.sort());
    for (const file of Object.values(files)) expect(file.length).toBeLessThan(1024 * 1024);
  });
});

describe('the environment', () => {
  test.each([
    ['WebhookLambdaFunction', ['DRY_RUN', 'GITHUB_SECRET_TYPES', 'LEAK_QUEUE_URL', 'WEBHOOK_SECRET_ID']],
    [
      'RevokeLambdaFunction',
      [
        'ADMIN_TOKEN_SECRET_ID',
        'AMBIGUOUS_KEY',
        'AUDIT_BUCKET',
        'AUDIT_HTTP_SECRET_ID',
        'AUDIT_HTTP_URL',
        'DEVIN_API_URL',
        'DRY_RUN',
        'GITHUB_API_URL',
        'GITHUB_TOKEN_SECRET_ID',
        'PROOF_WINDOW_SECONDS',
        'STANDBY_TOKEN_SECRET_ID',
      ],
    ],
    [
      'SweepDashkeysLambdaFunction',
      [
        'ADMIN_TOKEN_SECRET_ID',
        'AUDIT_BUCKET',
        'DEVIN_API_URL',
        'DRY_RUN',
        'LEAK_QUEUE_URL',
        'NOTIFY_TOPIC_ARN',
        'STANDBY_TOKEN_SECRET_ID',
        'SWEEP_EXEMPT',
        'SWEEP_MAX_AGE_DAYS',
        'SWEEP_MAX_IDLE_DAYS',
        'SWEEP_MAX_RATIO',
        'SWEEP_MAX_REVOCATIONS',
        'SWEEP_MODE',
        'SWEEP_QUEUE_URL',
        'SWEEP_WARN_DAYS',
      ],
    ],
    [
      'SweepDashalertsLambdaFunction',
      [
        'AUDIT_BUCKET',
        'DRY_RUN',
        'GITHUB_API_URL',
        'GITHUB_ORGS',
        'GITHUB_SECRET_TYPES',
        'GITHUB_TOKEN_SECRET_ID',
        'LEAK_QUEUE_URL',
      ],
    ],
    ['DigestLambdaFunction', ['AUDIT_BUCKET', 'AUDIT_KEY_ID', 'DRY_RUN']],
    ['ReconcileLambdaFunction', ['AUDIT_BUCKET', 'DRY_RUN', 'LEAK_QUEUE_URL']],
  ])('of %s is the one of the contract', (id, names) => {
    expect(Object.keys(resource(id).Properties.Environment.Variables).sort()).toEqual(names);
  });
});

describe('a role', () => {
  const log = (group: string) => ({
    Sid: 'Log',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: arn(group),
  });

  test.each<[string, Statement[]]>([
    [
      'WebhookRole',
      [
        log('WebhookLogGroup'),
        {
          Sid: 'ReadWebhookSecret',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: { Ref: 'WebhookSecret' },
        },
        { Sid: 'QueueReport', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('LeakQueue') },
      ],
    ],
    [
      'RevokeRole',
      [
        log('RevokeLogGroup'),
        {
          Sid: 'ReadTokens',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: [
            { Ref: 'AdminTokenSecret' },
            { Ref: 'GithubTokenSecret' },
            { 'Fn::If': ['HasStandby', { Ref: 'StandbyArn' }, { Ref: 'AWS::NoValue' }] },
            { 'Fn::If': ['HasAuditHttpHeader', { Ref: 'AuditHttpArn' }, { Ref: 'AWS::NoValue' }] },
          ],
        },
        {
          Sid: 'TakeReports',
          Effect: 'Allow',
          Action: [
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:ChangeMessageVisibility',
            'sqs:GetQueueAttributes',
          ],
          Resource: arn('LeakQueue'),
        },
        {
          Sid: 'WriteAndReadRecords',
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:GetObject'],
          Resource: ['records/*', 'tokens/*'].map(inAuditBucket),
        },
        {
          Sid: 'TellMissingFromForbidden',
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: arn('AuditBucket'),
        },
      ],
    ],
    [
      'SweepKeysRole',
      [
        log('SweepDashkeysLogGroup'),
        {
          Sid: 'ReadTokens',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: [
            { Ref: 'AdminTokenSecret' },
            { 'Fn::If': ['HasStandby', { Ref: 'StandbyArn' }, { Ref: 'AWS::NoValue' }] },
          ],
        },
        { Sid: 'QueueRevocations', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('LeakQueue') },
        {
          Sid: 'GoOn',
          Effect: 'Allow',
          Action: [
            'sqs:SendMessage',
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:ChangeMessageVisibility',
            'sqs:GetQueueAttributes',
          ],
          Resource: arn('SweepQueue'),
        },
        {
          Sid: 'WriteAndReadPlans',
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:GetObject'],
          Resource: ['plans/*', 'warnings/*', 'control/*', 'records/*/20-plan.json'].map(inAuditBucket),
        },
        {
          Sid: 'TellMissingFromForbidden',
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: arn('AuditBucket'),
        },
        { Sid: 'Notify', Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: 'AlarmTopic' } },
      ],
    ],
    [
      'SweepAlertsRole',
      [
        log('SweepDashalertsLogGroup'),
        {
          Sid: 'ReadGithubToken',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: { Ref: 'GithubTokenSecret' },
        },
        { Sid: 'QueueReport', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('LeakQueue') },
        { Sid: 'ReadRecords', Effect: 'Allow', Action: 's3:GetObject', Resource: inAuditBucket('records/*') },
        {
          Sid: 'TellMissingFromForbidden',
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: arn('AuditBucket'),
        },
      ],
    ],
    [
      'DigestRole',
      [
        log('DigestLogGroup'),
        { Sid: 'ListBucket', Effect: 'Allow', Action: 's3:ListBucket', Resource: arn('AuditBucket') },
        { Sid: 'ReadAll', Effect: 'Allow', Action: 's3:GetObject', Resource: inAuditBucket() },
        {
          Sid: 'WriteDigests',
          Effect: 'Allow',
          Action: 's3:PutObject',
          Resource: inAuditBucket('digests/*'),
        },
      ],
    ],
    [
      'ReconcileRole',
      [
        log('ReconcileLogGroup'),
        { Sid: 'ListBucket', Effect: 'Allow', Action: 's3:ListBucket', Resource: arn('AuditBucket') },
        { Sid: 'ReadRecords', Effect: 'Allow', Action: 's3:GetObject', Resource: inAuditBucket('records/*') },
        { Sid: 'QueueAgain', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('LeakQueue') },
      ],
    ],
  ])('%s may do this and nothing else', (id, statements) => {
    const { Policies, ManagedPolicyArns, AssumeRolePolicyDocument } = resource(id).Properties;

    expect(ManagedPolicyArns).toBeUndefined();
    expect(Policies).toHaveLength(1);
    expect(Policies[0].PolicyDocument.Statement).toEqual(statements);
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ]);
  });

  test('lets EventBridge Scheduler of this account invoke the sweeps, and keep what it could not deliver', () => {
    const { AssumeRolePolicyDocument, Policies } = resource('SchedulerRole').Properties;

    expect(AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ]);
    expect(Policies[0].PolicyDocument.Statement).toEqual([
      {
        Sid: 'InvokeSweeps',
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: [arn('SweepDashkeysLambdaFunction'), arn('SweepDashalertsLambdaFunction')],
      },
      {
        Sid: 'KeepUndelivered',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: arn('SweepDeadLetterQueue'),
      },
    ]);
  });

  test('exists for each function, for the schedules and for nothing else', () => {
    expect(ofType('AWS::IAM::Role').map(([id]) => id)).toEqual([
      'WebhookRole',
      'RevokeRole',
      'SweepKeysRole',
      'SweepAlertsRole',
      'SchedulerRole',
      'DigestRole',
      'ReconcileRole',
    ]);
    expect(Object.values(resources).filter(({ Type }) => /^AWS::IAM::(?!Role$)/.test(Type))).toEqual([]);
  });

  test('is nowhere allowed a wildcard action, a wildcard resource, or to delete what is kept', () => {
    const allowed = ofType('AWS::IAM::Role')
      .flatMap(([, { Properties }]): { PolicyDocument: Policy }[] => Properties.Policies)
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');

    for (const { Action, Resource } of allowed) {
      expect(list(Resource)).not.toContain('*');
      for (const action of list(Action)) {
        expect(action).not.toContain('*');
        if (action !== 'sqs:DeleteMessage')
          expect(action).not.toMatch(/delete|bypass|retention|put.*policy/i);
      }
    }
  });
});

describe('the queue of leak reports', () => {
  test('hides a message six times as long as the function may take, and gives it up after eight attempts', () => {
    const { VisibilityTimeout, RedrivePolicy } = resource('LeakQueue').Properties;

    expect(Number(VisibilityTimeout)).toBe(6 * resource('RevokeLambdaFunction').Properties.Timeout);
    expect(RedrivePolicy).toEqual({ deadLetterTargetArn: arn('LeakDeadLetterQueue'), maxReceiveCount: 8 });
  });

  test.each(['LeakQueue', 'LeakDeadLetterQueue'])('%s keeps its messages encrypted for 14 days', (id) => {
    expect(resource(id).Properties).toMatchObject({
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
    });
  });

  test('feeds the function in batches whose items fail one by one', () => {
    const [[, mapping] = expect.fail('no event source mapping'), ...more] = ofType(
      'AWS::Lambda::EventSourceMapping',
    );

    expect(more.map(([, { Properties }]) => Properties.EventSourceArn)).toEqual([arn('SweepQueue')]);
    expect(mapping.Properties).toMatchObject({
      EventSourceArn: arn('LeakQueue'),
      FunctionName: arn('RevokeLambdaFunction'),
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });
});

describe('the sweeps', () => {
  test('go on over a queue of their own, one message at a time, which Lambda does not take for a loop', () => {
    const mappings = ofType('AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
    const { VisibilityTimeout, RedrivePolicy } = resource('SweepQueue').Properties;
    const { RecursiveLoop, Timeout } = resource('SweepDashkeysLambdaFunction').Properties;

    expect(mappings).toContainEqual(
      expect.objectContaining({
        EventSourceArn: arn('SweepQueue'),
        FunctionName: arn('SweepDashkeysLambdaFunction'),
        BatchSize: 1,
      }),
    );
    expect(Number(VisibilityTimeout)).toBe(6 * Timeout);
    expect(RedrivePolicy).toEqual({ deadLetterTargetArn: arn('SweepDeadLetterQueue'), maxReceiveCount: 5 });
    expect(RecursiveLoop).toBe('Allow');
  });

  test.each([
    ['SweepKeysSchedule', 'SweepDashkeysLambdaFunction', 'cron(0 3 * * ? *)', undefined],
    [
      'SweepAlertsSchedule',
      'SweepDashalertsLambdaFunction',
      'rate(15 minutes)',
      { 'Fn::If': ['HasGithubOrgs', 'ENABLED', 'DISABLED'] },
    ],
  ])('%s has a dead-letter queue of its own', (id, target, ScheduleExpression, State) => {
    expect(resource(id).Properties).toMatchObject({
      ScheduleExpression,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: arn(target),
        RoleArn: arn('SchedulerRole'),
        Input: '{"scheduled_at":"<aws.scheduler.scheduled-time>"}',
        DeadLetterConfig: { Arn: arn('SweepDeadLetterQueue') },
      },
    });
    expect(resource(id).Properties.State).toEqual(State);
  });

  test.each([
    ['SweepMissingAlarm', 'SweepPlanned', 'sweep-keys'],
    ['AlertSweepMissingAlarm', 'AlertSweepDone', 'sweep-alerts'],
  ])('%s tells when no sweep ran', (id, MetricName, job) => {
    expect(resource(id).Properties).toMatchObject({
      MetricName,
      Dimensions: [{ Name: 'job', Value: job }],
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
  });
});

describe('the audit bucket', () => {
  test('is versioned, locked, encrypted, private and outlives the stack', () => {
    expect(resource('AuditBucket')).toEqual({
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 365 } },
        },
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
  });

  test('lets nobody delete, be it only behind a delete marker', () => {
    expect(resource('AuditBucketPolicy').Properties.PolicyDocument.Statement).toContainEqual({
      Sid: 'NoDelete',
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      Resource: inAuditBucket(),
    });
  });
});

describe('the key that signs digests', () => {
  const { KeyPolicy, ...key } = resource('AuditKey').Properties;
  const statements: Statement[] = KeyPolicy.Statement;

  test('is asymmetric and outlives the stack', () => {
    expect(key).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', PendingWindowInDays: 30 });
    expect(resource('AuditKey')).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('signs for the digest function alone, not even for the account that administers it', () => {
    const signers = statements.filter(({ Action }) => list(Action).some((name) => /sign$|\*/i.test(name)));

    expect(signers.map(({ Action, Principal }) => ({ Action, Principal }))).toEqual([
      { Action: 'kms:Sign', Principal: { AWS: arn('DigestRole') } },
    ]);
  });
});

describe('a schedule', () => {
  test.each([
    ['DigestLambdaFunction', 'cron(30 0 * * ? *)'],
    ['ReconcileLambdaFunction', 'rate(5 minutes)'],
  ])('starts %s at %s', (id, expression) => {
    const rules = ofType('AWS::Events::Rule')
      .map(([, { Properties }]) => Properties)
      .filter(({ ScheduleExpression }) => ScheduleExpression !== undefined)
      .map(({ ScheduleExpression, Targets }) => [ScheduleExpression, Targets[0].Arn]);

    expect(rules).toContainEqual([expression, arn(id)]);
  });
});

describe('what is kept or passed on', () => {
  test.each<[string, string, unknown]>([
    ['LeakQueuePolicy', 'sqs:*', arn('LeakQueue')],
    ['LeakDeadLetterQueuePolicy', 'sqs:*', arn('LeakDeadLetterQueue')],
    ['SweepQueuePolicy', 'sqs:*', arn('SweepQueue')],
    ['SweepDeadLetterQueuePolicy', 'sqs:*', arn('SweepDeadLetterQueue')],
    ['AuditBucketPolicy', 's3:*', [arn('AuditBucket'), inAuditBucket()]],
    ['AlarmTopicPolicy', 'sns:Publish', { Ref: 'AlarmTopic' }],
  ])('goes over TLS only, says %s', (id, action, target) => {
    expect(resource(id).Properties.PolicyDocument.Statement).toContainEqual({
      Sid: 'TlsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: action,
      Resource: target,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  test('is granted to no principal of another account', () => {
    const granted = Object.values(resources)
      .filter(({ Type }) => /(?:Queue|Bucket|Topic)Policy$/.test(Type))
      .flatMap(({ Properties }): Statement[] => Properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');

    expect(granted).toEqual([
      expect.objectContaining({
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
  });

  test.each(['AdminTokenSecret', 'GithubTokenSecret', 'WebhookSecret'])(
    '%s has no value and is retained',
    (id) => {
      const { DeletionPolicy, UpdateReplacePolicy, Properties } = resource(id);

      expect({ DeletionPolicy, UpdateReplacePolicy }).toEqual({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
      });
      expect(Properties).not.toHaveProperty('SecretString');
      expect(Properties.GenerateSecretString ?? {}).not.toHaveProperty('SecretStringTemplate');
    },
  );
});

describe('the ways in', () => {
  test('open the webhook to the public by a function URL, which takes two permissions, and by nothing else', () => {
    const open = ofType('AWS::Lambda::Permission')
      .map(([, { Properties }]) => Properties)
      .filter(({ Principal }) => Principal === '*');

    expect(open).toEqual([
      {
        FunctionName: arn('WebhookLambdaFunction'),
        Action: 'lambda:InvokeFunctionUrl',
        Principal: '*',
        FunctionUrlAuthType: 'NONE',
      },
      {
        FunctionName: arn('WebhookLambdaFunction'),
        Action: 'lambda:InvokeFunction',
        Principal: '*',
        InvokedViaFunctionUrl: true,
      },
    ]);
    expect(ofType('AWS::Lambda::Url').map(([, { Properties }]) => Properties)).toEqual([
      { AuthType: 'NONE', TargetFunctionArn: arn('WebhookLambdaFunction') },
    ]);
  });

  test('lead an EventBridge event to the revoke function, without an input of the rule', () => {
    const [[, rule] = expect.fail('no rule'), ...more] = ofType('AWS::Events::Rule').filter(
      ([, { Properties }]) => 'EventPattern' in Properties,
    );

    expect(more).toEqual([]);
    expect(rule.Properties).toMatchObject({
      EventPattern: { source: ['devin-key-revoker'], 'detail-type': ['Devin API key leaked'] },
      State: 'ENABLED',
      Targets: [{ Arn: arn('RevokeLambdaFunction'), Id: expect.any(String) }],
    });
    expect(rule.Properties).not.toHaveProperty('EventBusName');
    expect(rule.Properties.Targets[0]).not.toHaveProperty('DeadLetterConfig');
  });

  test('retry an event twice and store it nowhere when it fails, as it may hold a token', () => {
    const configs = ofType('AWS::Lambda::EventInvokeConfig').map(([, { Properties }]) => Properties);

    const config = (id: string, MaximumRetryAttempts: number) => ({
      FunctionName: { Ref: id },
      Qualifier: '$LATEST',
      MaximumRetryAttempts,
      DestinationConfig: {},
    });
    expect(configs).toEqual([
      config('RevokeLambdaFunction', 2),
      config('SweepDashkeysLambdaFunction', 2),
      config('SweepDashalertsLambdaFunction', 0),
    ]);
  });
});

describe('an alarm', () => {
  test('is raised when no digest is written for a day, be it that its schedule is off', () => {
    expect(resource('DigestMissingAlarm').Properties).toMatchObject({
      MetricName: 'DigestRun',
      Period: 86_400,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });

  const queue = (id: string) => [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }];
  const lambda = (id: string) => [{ Name: 'FunctionName', Value: { Ref: id } }];
  const status = (value: string) => [{ Name: 'status', Value: value }];
  const job = (value: string) => [{ Name: 'job', Value: value }];

  test.each([
    ['DeadLetterAlarm', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', queue('LeakDeadLetterQueue'), 0],
    ['QueueAgeAlarm', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', queue('LeakQueue'), 300],
    ['WebhookErrorAlarm', 'AWS/Lambda', 'Errors', lambda('WebhookLambdaFunction'), 0],
    ['WebhookUnavailableAlarm', 'AWS/Lambda', 'Url5xxCount', lambda('WebhookLambdaFunction'), 0],
    ['WebhookThrottledAlarm', 'AWS/Lambda', 'Throttles', lambda('WebhookLambdaFunction'), 0],
    ['RevokeErrorAlarm', 'AWS/Lambda', 'Errors', lambda('RevokeLambdaFunction'), 0],
    ['RevokeDroppedAlarm', 'AWS/Lambda', 'AsyncEventsDropped', lambda('RevokeLambdaFunction'), 0],
    [
      'RuleFailedAlarm',
      'AWS/Events',
      'FailedInvocations',
      [{ Name: 'RuleName', Value: 'devin-key-revoker-dev-leak-report' }],
      0,
    ],
    ['EscalatedAlarm', 'DevinKeyRevoker', 'Outcome', status('escalated'), 0],
    ['StillAliveAlarm', 'DevinKeyRevoker', 'Outcome', status('still_alive'), 0],
    ['FailedAlarm', 'DevinKeyRevoker', 'Outcome', status('failed'), 0],
    ['LostReportAlarm', 'DevinKeyRevoker', 'IntentWithoutOutcome', undefined, 0],
    ['ReconcileErrorAlarm', 'AWS/Lambda', 'Errors', lambda('ReconcileLambdaFunction'), 0],
    ['DigestErrorAlarm', 'AWS/Lambda', 'Errors', lambda('DigestLambdaFunction'), 0],
    ['SweepBlockedAlarm', 'DevinKeyRevoker', 'SweepBlocked', job('sweep-keys'), 0],
    ['SweepErrorAlarm', 'AWS/Lambda', 'Errors', lambda('SweepDashkeysLambdaFunction'), 0],
    [
      'SweepDeadLetterAlarm',
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      queue('SweepDeadLetterQueue'),
      0,
    ],
    ['AlertSweepFailedAlarm', 'DevinKeyRevoker', 'AlertSweepFailed', job('sweep-alerts'), 0],
  ])('%s tells people through the topic', (id, Namespace, MetricName, Dimensions, Threshold) => {
    expect(resource(id).Properties).toMatchObject({
      Namespace,
      MetricName,
      ...(Dimensions && { Dimensions }),
      Threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
  });
});

function validate(config: ValidateConfig): StandardDiagnostic[] {
  const engine = new RegoEngine();
  try {
    return engine.validateStandard(new TemplateFile(templatePath), config).diagnostics;
  } finally {
    engine.free();
  }
}
