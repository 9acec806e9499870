import { describe, expect, test } from 'vitest';
import { arn, inAuditBucket, list, ofType, resource, resources, type Statement } from './resources.ts';

/** A statement that the role has only while a condition holds. */
interface Conditional {
  'Fn::If': [condition: string, statement: Statement, otherwise: unknown];
}
interface Policy {
  Statement: (Statement | Conditional)[];
}
const whenOn = (statement: Statement): Conditional => ({
  'Fn::If': ['Enrolls', statement, { Ref: 'AWS::NoValue' }],
});
/** The ARN of a secret of a parameter, when it is named without the six characters at its end. */
const anySuffix = (parameter: string) => ({ 'Fn::Sub': `\${${parameter}}-??????` });
const ownSecret = (condition: string, parameter: string) =>
  [{ Ref: parameter }, anySuffix(parameter)].map((arn) => ({
    'Fn::If': [condition, arn, { Ref: 'AWS::NoValue' }],
  }));
const decryptSecrets = (condition = 'HasSecretKeys'): Conditional => ({
  'Fn::If': [
    condition,
    {
      Sid: 'DecryptSecrets',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: { Ref: 'SecretKeyArns' },
      Condition: {
        StringEquals: {
          'kms:ViaService': { 'Fn::Sub': `secretsmanager.\${AWS::Region}.\${AWS::URLSuffix}` },
        },
      },
    },
    { Ref: 'AWS::NoValue' },
  ],
});
/** Of the actions that take no resource, those that are allowed. */
const WITHOUT_RESOURCE = ['secretsmanager:ListSecrets'];

describe('a role', () => {
  const log = (group: string) => ({
    Sid: 'Log',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: arn(group),
  });

  const siemHeader: Conditional = {
    'Fn::If': [
      'HasAuditHttpHeader',
      {
        Sid: 'ReadSiemHeader',
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: [{ Ref: 'AuditHttpArn' }, anySuffix('AuditHttpArn')],
      },
      { Ref: 'AWS::NoValue' },
    ],
  };

  test.each<[string, (Statement | Conditional)[]]>([
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
            ...ownSecret('HasStandby', 'StandbyArn'),
            ...ownSecret('HasActivityToken', 'ActivityTokenArn'),
            ...ownSecret('HasAuditHttpHeader', 'AuditHttpArn'),
          ],
        },
        decryptSecrets(),
        {
          Sid: 'TakeReports',
          Effect: 'Allow',
          Action: [
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:ChangeMessageVisibility',
            'sqs:GetQueueAttributes',
          ],
          Resource: [arn('LeakQueue'), arn('BacklogQueue')],
        },
        { Sid: 'QueueAftermath', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('LeakQueue') },
        {
          Sid: 'WriteAndReadRecords',
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:GetObject'],
          Resource: ['records/*', 'registry/*', 'leases/*', 'rechecks/*'].map(inAuditBucket),
        },
        { Sid: 'WriteNotes', Effect: 'Allow', Action: 's3:PutObject', Resource: inAuditBucket('index/*') },
        {
          Sid: 'ReadFormerNotes',
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: inAuditBucket('tokens/*'),
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
      'SweepKeysRole',
      [
        log('SweepDashkeysLogGroup'),
        {
          Sid: 'ReadTokens',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: [
            { Ref: 'AdminTokenSecret' },
            ...ownSecret('HasStandby', 'StandbyArn'),
            ...ownSecret('HasActivityToken', 'ActivityTokenArn'),
            ...ownSecret('HasAuditHttpHeader', 'AuditHttpArn'),
            ...ownSecret('HasSlack', 'SlackArn'),
          ],
        },
        decryptSecrets(),
        {
          Sid: 'QueueRevocations',
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Resource: arn('BacklogQueue'),
        },
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
          Resource: ['plans/*', 'warnings/*', 'control/*'].map(inAuditBucket),
        },
        {
          Sid: 'WriteRecords',
          Effect: 'Allow',
          Action: 's3:PutObject',
          Resource: ['records/*/20-plan.json', 'records/*/act/*', 'index/stored/*'].map(inAuditBucket),
        },
        { Sid: 'ReadOwners', Effect: 'Allow', Action: 's3:GetObject', Resource: inAuditBucket('owners/*') },
        {
          Sid: 'TellMissingFromForbidden',
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: arn('AuditBucket'),
        },
        { Sid: 'Notify', Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: 'AlarmTopic' } },
        {
          'Fn::If': [
            'HasOwnersFrom',
            {
              Sid: 'MailOwners',
              Effect: 'Allow',
              Action: 'ses:SendEmail',
              Resource: {
                // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation replaces them
                'Fn::Sub': 'arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*',
              },
              Condition: { StringEquals: { 'ses:FromAddress': { Ref: 'OwnersFrom' } } },
            },
            { Ref: 'AWS::NoValue' },
          ],
        } as unknown as Statement,
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
        {
          Sid: 'QueueReport',
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Resource: [arn('LeakQueue'), arn('BacklogQueue')],
        },
        {
          Sid: 'ReadRecords',
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: ['records/*', 'rechecks/*'].map(inAuditBucket),
        },
        {
          Sid: 'WriteAndReadLedger',
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:GetObject'],
          Resource: inAuditBucket('sweeps/alerts/*'),
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
      'DigestRole',
      [
        log('DigestLogGroup'),
        {
          Sid: 'ListBucket',
          Effect: 'Allow',
          Action: ['s3:ListBucket', 's3:ListBucketVersions'],
          Resource: arn('AuditBucket'),
        },
        {
          Sid: 'ReadAll',
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:GetObjectVersion'],
          Resource: inAuditBucket(),
        },
        {
          Sid: 'WriteDigests',
          Effect: 'Allow',
          Action: 's3:PutObject',
          Resource: inAuditBucket('digests/*'),
        },
        { Sid: 'Notify', Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: 'AlarmTopic' } },
        siemHeader,
        decryptSecrets('HasSiemKeys'),
      ],
    ],
    [
      'ReconcileRole',
      [
        log('ReconcileLogGroup'),
        { Sid: 'ListBucket', Effect: 'Allow', Action: 's3:ListBucket', Resource: arn('AuditBucket') },
        {
          Sid: 'ReadRecords',
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: ['records/*', 'state/reconcile/*'].map(inAuditBucket),
        },
        {
          Sid: 'KeepState',
          Effect: 'Allow',
          Action: 's3:PutObject',
          Resource: ['state/reconcile/*', 'records/*/95-acknowledged.json', 'index/stored/*'].map(
            inAuditBucket,
          ),
        },
        { Sid: 'QueueAgain', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('LeakQueue') },
        siemHeader,
        decryptSecrets('HasSiemKeys'),
      ],
    ],
    [
      'EnrollRole',
      [
        log('EnrollLogGroup'),
        {
          Sid: 'ReadOwnTokens',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: [{ Ref: 'AdminTokenSecret' }, ...ownSecret('HasStandby', 'StandbyArn')],
        },
        decryptSecrets(),
        whenOn({
          Sid: 'ListSecrets',
          Effect: 'Allow',
          Action: 'secretsmanager:ListSecrets',
          Resource: '*',
        }),
        whenOn({
          Sid: 'ReadTaggedSecrets',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: {
            'Fn::Sub': `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:*`,
          },
          Condition: { Null: { 'aws:ResourceTag/devin-key-revoker:enroll': 'false' } },
        }),
        {
          Sid: 'WriteAndReadRegistry',
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:GetObject'],
          Resource: ['registry/*', 'experiments/*'].map(inAuditBucket),
        },
        {
          Sid: 'RecordAct',
          Effect: 'Allow',
          Action: 's3:PutObject',
          Resource: inAuditBucket('records/*/act/*'),
        },
        siemHeader,
        {
          Sid: 'SeeLeaks',
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: inAuditBucket('leases/leak/*'),
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
      'DrillRole',
      [
        log('DrillLogGroup'),
        {
          Sid: 'ReadSecrets',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: [
            { Ref: 'AdminTokenSecret' },
            { Ref: 'WebhookSecret' },
            ...ownSecret('HasStandby', 'StandbyArn'),
          ],
        },
        decryptSecrets(),
        {
          Sid: 'ReadRecords',
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: inAuditBucket('records/*/webhook/*'),
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
  ])('allows its function the listed statements and nothing else: %s', (id, statements) => {
    const { Policies, ManagedPolicyArns, AssumeRolePolicyDocument } = resource(id).Properties;

    expect(ManagedPolicyArns).toBeUndefined();
    expect(Policies).toHaveLength(1);
    expect(Policies[0].PolicyDocument.Statement).toEqual(statements);
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ]);
  });

  test('lets EventBridge Scheduler of this account invoke what is scheduled and queue what it could not deliver', () => {
    const { AssumeRolePolicyDocument, Policies } = resource('SchedulerRole').Properties;

    expect(AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: {
            'aws:SourceAccount': { Ref: 'AWS::AccountId' },
            'aws:SourceArn': arn('ScheduleGroup'),
          },
        },
      },
    ]);
    expect(Policies[0].PolicyDocument.Statement).toEqual([
      {
        Sid: 'InvokeScheduled',
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: [
          arn('SweepDashkeysLambdaFunction'),
          arn('SweepDashalertsLambdaFunction'),
          arn('EnrollLambdaFunction'),
          arn('DrillLambdaFunction'),
        ],
      },
      {
        Sid: 'KeepUndelivered',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: arn('SweepDeadLetterQueue'),
      },
    ]);
  });

  test('exists for each function and for the schedules, and for nothing else', () => {
    expect(ofType('AWS::IAM::Role').map(([id]) => id)).toEqual([
      'WebhookRole',
      'RevokeRole',
      'SweepKeysRole',
      'SweepAlertsRole',
      'SchedulerRole',
      'DigestRole',
      'ReconcileRole',
      'EnrollRole',
      'DrillRole',
    ]);
    expect(Object.values(resources).filter(({ Type }) => /^AWS::IAM::(?!Role$)/.test(Type))).toEqual([]);
  });

  test('never allows a wildcard action, a wildcard resource, or deleting what is kept', () => {
    const allowed = ofType('AWS::IAM::Role')
      .flatMap(([, { Properties }]): { PolicyDocument: Policy }[] => Properties.Policies)
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .map((statement) => ('Fn::If' in statement ? statement['Fn::If'][1] : statement))
      .filter(({ Effect }) => Effect === 'Allow');

    for (const { Action, Resource } of allowed) {
      if (!WITHOUT_RESOURCE.includes(String(Action))) expect(list(Resource)).not.toContain('*');
      for (const action of list(Action)) {
        expect(action).not.toContain('*');
        if (action !== 'sqs:DeleteMessage')
          expect(action).not.toMatch(/delete|bypass|retention|put.*policy/i);
      }
    }
  });
});
