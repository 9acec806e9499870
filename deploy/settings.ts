import type { Parameter, Setting, Variable, Wired } from './setting.ts';

/**
 * Every setting there is. The tests in test/deploy/ hold serverless.yml and the schemas of the
 * functions to this table; docs/configuration.md is generated from it. No function imports it: its texts would make
 * every cold start slower.
 */
export const settingGroups: readonly {
  readonly title: string;
  readonly about: string;
  readonly settings: readonly Parameter[];
}[] = [
  {
    title: 'Where leaks are reported',
    about: 'Which reports are taken, and which alerts are looked through for missed ones.',
    settings: [
      {
        from: 'parameter',
        parameter: 'githubSecretTypes',
        variable: 'GITHUB_SECRET_TYPES',
        readBy: ['webhook', 'sweep-alerts'],
        requiredBy: ['webhook', 'sweep-alerts'],
        type: { kind: 'list', of: 'secret types' },
        default: 'devin_api_key',
        example: 'devin_api_key,devin_service_key',
        meaning:
          'The secret types of GitHub secret scanning that are Devin keys: the slugs of your custom patterns. Alerts of other types are ignored.',
      },
      {
        from: 'parameter',
        parameter: 'gitlabTokenTypes',
        variable: 'GITLAB_TOKEN_TYPES',
        readBy: ['webhook'],
        type: { kind: 'list', of: 'token types' },
        default: 'gitleaks_rule_id_devin-api-key',
        example: 'gitleaks_rule_id_devin-api-key,gitleaks_rule_id_devin-legacy-key',
        meaning:
          'The token types that GitLab Self-Managed may send for revocation: `gitleaks_rule_id_` and the id of the rule, in lower case.',
      },
      {
        from: 'parameter',
        parameter: 'githubApiUrl',
        variable: 'GITHUB_API_URL',
        readBy: ['revoke', 'sweep-alerts'],
        type: { kind: 'url' },
        default: 'https://api.github.com',
        example: 'https://github.example.com/api/v3',
        meaning: 'The GitHub API. Change it for GitHub Enterprise Server.',
      },
      {
        from: 'parameter',
        parameter: 'eventSource',
        readBy: [],
        type: { kind: 'text', of: 'text' },
        default: 'devin-key-revoker',
        example: 'acme-scanner',
        meaning:
          'The `source` of the EventBridge events that are leak reports. Anyone who may put events on the default bus of the account can send one.',
      },
      {
        from: 'parameter',
        parameter: 'eventDetailType',
        readBy: [],
        type: { kind: 'text', of: 'text' },
        default: 'Devin API key leaked',
        example: 'Key leaked',
        meaning: 'The `detail-type` of these events.',
      },
      {
        from: 'parameter',
        parameter: 'leakTopicArn',
        readBy: [],
        type: { kind: 'text', of: 'topic ARN' },
        default: '',
        example: 'arn:aws:sns:eu-central-1:111122223333:leaked-keys',
        meaning:
          'An SNS topic of this account and region whose notifications are leak reports. Anyone who may publish to it can send one.',
      },
      {
        from: 'parameter',
        parameter: 'githubOrgs',
        variable: 'GITHUB_ORGS',
        readBy: ['sweep-alerts'],
        requiredBy: ['sweep-alerts'],
        type: { kind: 'list', of: 'GitHub organisations' },
        default: '',
        example: 'acme,acme-labs',
        meaning:
          'The organisations whose open alerts are looked through for those whose webhook was lost. Without it the schedule of `sweep-alerts` is disabled.',
      },
      {
        from: 'parameter',
        parameter: 'sweepAlertsSchedule',
        readBy: [],
        type: { kind: 'text', of: 'schedule expression' },
        default: 'rate(15 minutes)',
        example: 'rate(5 minutes)',
        meaning:
          'When `sweep-alerts` runs. `AlertSweepMissingAlarm` is raised after an hour without a run, so keep the interval shorter.',
      },
      {
        from: 'parameter',
        parameter: 'backlogPerMinute',
        variable: 'BACKLOG_PER_MINUTE',
        readBy: ['sweep-alerts'],
        type: { kind: 'whole', of: 'messages a minute', minimum: 1, maximum: 10_000 },
        default: '60',
        example: '20',
        meaning:
          'How many old alerts `sweep-alerts` queues a minute. They go on a queue of their own, so that a new leak does not wait for them.',
      },
    ],
  },
  {
    title: 'Revoking',
    about: 'What happens to a leaked key.',
    settings: [
      {
        from: 'parameter',
        parameter: 'dryRun',
        variable: 'DRY_RUN',
        readBy: [
          'webhook',
          'revoke',
          'sweep-keys',
          'sweep-alerts',
          'enroll',
          'npm run sweep',
          'npm run enroll',
        ],
        type: { kind: 'flag' },
        default: 'false',
        example: 'true',
        meaning: '`true` rehearses: everything is read, and nothing is changed at Devin or GitHub.',
      },
      {
        from: 'parameter',
        parameter: 'ambiguousKey',
        variable: 'AMBIGUOUS_KEY',
        readBy: ['revoke'],
        type: { kind: 'choice', values: ['escalate', 'revoke_all'] },
        default: 'escalate',
        example: 'revoke_all',
        meaning:
          'What to do when it cannot be decided which key of a service user leaked. `escalate` revokes nothing and asks a person; `revoke_all` revokes the candidates one by one until the token is dead.',
      },
      {
        from: 'parameter',
        parameter: 'proofWindowSeconds',
        variable: 'PROOF_WINDOW_SECONDS',
        readBy: ['revoke'],
        type: { kind: 'whole', of: 'seconds', minimum: 0, maximum: 53 },
        default: '20',
        example: '30',
        meaning:
          'How long a revocation may take to show. A proof takes half as long again when answers differ. Together with `searchSeconds` it has to fit the timeout of `revoke`, which is 180 seconds.',
      },
      {
        from: 'parameter',
        parameter: 'attributionError',
        variable: 'ATTRIBUTION_ERROR',
        readBy: ['revoke'],
        type: { kind: 'number', of: 'probability', minimum: 1e-12, maximum: 0.01 },
        default: '1e-6',
        example: '1e-9',
        meaning:
          'The most that the probability of naming a wrong key may be when the keys of a service user are told apart by the [experiment](attribution.md). A smaller one takes longer: about two seconds for each power of ten.',
      },
      {
        from: 'parameter',
        parameter: 'searchSeconds',
        variable: 'SEARCH_SECONDS',
        readBy: ['revoke'],
        type: { kind: 'whole', of: 'seconds', minimum: 0, maximum: 160 },
        default: '100',
        example: '60',
        meaning:
          'How long telling the keys apart may take; `0` turns it off. Together with `proofWindowSeconds`, three times, it has to fit the timeout of `revoke`, which is 180 seconds.',
      },
      {
        from: 'parameter',
        parameter: 'devinApiUrl',
        variable: 'DEVIN_API_URL',
        readBy: ['revoke', 'sweep-keys', 'enroll', 'npm run sweep', 'npm run aftermath', 'npm run enroll'],
        type: { kind: 'url' },
        default: 'https://api.devin.ai',
        example: 'https://devin.example.com',
        meaning: 'The Devin API.',
      },
      {
        from: 'parameter',
        parameter: 'standbySecretArn',
        variable: 'STANDBY_TOKEN_SECRET_ID',
        readBy: ['revoke', 'sweep-keys', 'enroll', 'npm run sweep', 'npm run enroll'],
        type: { kind: 'text', of: 'secret ARN' },
        default: '',
        example: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:standby-AbCdEf',
        meaning:
          'An existing secret with a second admin token, for the day when the first one is the leaked key or is refused. No sweep revokes a key of its service user.',
      },
      {
        from: 'parameter',
        parameter: 'maximumConcurrency',
        readBy: [],
        type: { kind: 'whole', of: 'invocations', minimum: 2, maximum: 1_000 },
        default: '10',
        example: '20',
        meaning:
          'How many batches of queued reports are worked on at the same time. The rate limit of the Devin API is not documented, so stay low.',
      },
      {
        from: 'parameter',
        parameter: 'backlogConcurrency',
        readBy: [],
        type: { kind: 'whole', of: 'invocations', minimum: 2, maximum: 1_000 },
        default: '2',
        example: '5',
        meaning:
          'The same for the backlog: alerts that are older than an hour, and keys that a sweep revokes. It is beside `maximumConcurrency`, so that it takes nothing from new leaks.',
      },
    ],
  },
  {
    title: 'Aftermath',
    about: 'What is looked at, and ended, after a key was revoked.',
    settings: [
      {
        from: 'parameter',
        parameter: 'aftermath',
        variable: 'AFTERMATH',
        readBy: ['revoke'],
        type: { kind: 'choice', values: ['off', 'report', 'terminate'] },
        default: 'report',
        example: 'terminate',
        meaning:
          'What is done about what a service user did since its key leaked. `off` asks nothing; `report` records and notifies; `terminate` also ends the sessions that still run and queues the revocation of keys that were made.',
      },
      {
        from: 'parameter',
        parameter: 'aftermathMax',
        variable: 'AFTERMATH_MAX',
        readBy: ['revoke'],
        type: { kind: 'whole', of: 'sessions, and keys', minimum: 0, maximum: 1_000 },
        default: '20',
        example: '5',
        meaning:
          'With `terminate`: when more sessions run, or more keys were made, none is ended or queued, and a person is asked.',
      },
      {
        from: 'parameter',
        parameter: 'aftermathMarginHours',
        variable: 'AFTERMATH_MARGIN_HOURS',
        readBy: ['revoke', 'npm run aftermath'],
        type: { kind: 'whole', of: 'hours', minimum: 0, maximum: 8_760 },
        default: '24',
        example: '72',
        meaning: 'How long before the leak was seen the look begins, but not before the key was made.',
      },
      {
        from: 'parameter',
        parameter: 'activitySecretArn',
        variable: 'ACTIVITY_TOKEN_SECRET_ID',
        readBy: ['revoke', 'sweep-keys', 'npm run sweep', 'npm run aftermath'],
        type: { kind: 'text', of: 'secret ARN' },
        default: '',
        example: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:activity-AbCdEf',
        meaning:
          'An existing secret with a token whose service user has the permissions for the aftermath, so that the admin token stays narrow. No sweep revokes a key of its service user.',
      },
    ],
  },
  {
    title: 'Audit log',
    about: 'How long the evidence is kept, and where its copies go.',
    settings: [
      {
        from: 'parameter',
        parameter: 'auditLockMode',
        readBy: [],
        type: { kind: 'choice', values: ['GOVERNANCE', 'COMPLIANCE'] },
        default: 'GOVERNANCE',
        example: 'COMPLIANCE',
        meaning:
          'Object Lock of the records. `GOVERNANCE` is for trials: a person with `s3:BypassGovernanceRetention` can remove them. Choose `COMPLIANCE` in production: then nobody can, not even the root user of the account, and it cannot be undone for what is stored.',
      },
      {
        from: 'parameter',
        parameter: 'auditLockDays',
        readBy: [],
        type: { kind: 'whole', of: 'days', minimum: 1, maximum: 36_500 },
        default: '365',
        example: '2555',
        meaning: 'How long a record is locked.',
      },
      {
        from: 'parameter',
        parameter: 'auditHttpUrl',
        variable: 'AUDIT_HTTP_URL',
        readBy: ['revoke', 'sweep-keys', 'digest', 'reconcile', 'enroll', 'npm run enroll'],
        type: { kind: 'url' },
        default: '',
        example: 'https://siem.example.com/ingest',
        meaning: 'A SIEM that gets a copy of each record, and the head of each digest, as a POST of JSON.',
      },
      {
        from: 'parameter',
        parameter: 'auditHttpSecretArn',
        variable: 'AUDIT_HTTP_SECRET_ID',
        readBy: ['revoke', 'sweep-keys', 'digest', 'reconcile', 'enroll', 'npm run enroll'],
        type: { kind: 'text', of: 'secret ARN' },
        default: '',
        example: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:siem-AbCdEf',
        meaning:
          'An existing secret with the header for the SIEM: the value of `Authorization`, or `{"header", "value"}`.',
      },
      {
        from: 'parameter',
        parameter: 'logRetentionDays',
        readBy: [],
        type: { kind: 'text', of: 'days, one of the periods of CloudWatch Logs' },
        default: '365',
        example: '90',
        meaning: 'How long the logs of the functions are kept. They hold no token and are no evidence.',
      },
    ],
  },
  {
    title: 'Sweep of the keys',
    about: 'Which keys `sweep-keys` revokes without a leak, and how many at most.',
    settings: [
      {
        from: 'parameter',
        parameter: 'sweepMode',
        variable: 'SWEEP_MODE',
        readBy: ['sweep-keys', 'npm run sweep'],
        type: { kind: 'choice', values: ['report', 'enforce'] },
        default: 'report',
        example: 'enforce',
        meaning: '`report` stores a plan; `enforce` carries it out. Read some plans before you enforce.',
      },
      {
        from: 'parameter',
        parameter: 'sweepMaxAgeDays',
        variable: 'SWEEP_MAX_AGE_DAYS',
        readBy: ['sweep-keys', 'npm run sweep'],
        type: { kind: 'whole', of: 'days', minimum: 1, maximum: 36_500 },
        default: '',
        example: '365',
        meaning: 'A key that is older is revoked. Without it the rule is off.',
      },
      {
        from: 'parameter',
        parameter: 'sweepMaxIdleDays',
        variable: 'SWEEP_MAX_IDLE_DAYS',
        readBy: ['sweep-keys', 'npm run sweep'],
        type: { kind: 'whole', of: 'days', minimum: 1, maximum: 36_500 },
        default: '',
        example: '90',
        meaning:
          'A key that was not used for longer is revoked; one that was never used counts from its creation. Without it the rule is off.',
      },
      {
        from: 'parameter',
        parameter: 'sweepWarnDays',
        variable: 'SWEEP_WARN_DAYS',
        readBy: ['sweep-keys', 'npm run sweep'],
        type: { kind: 'list', of: 'days' },
        default: '14,7,1',
        example: '30,7',
        meaning: 'How many days before a key expires a warning is sent; once for each key and number.',
      },
      {
        from: 'parameter',
        parameter: 'sweepMaxRevocations',
        variable: 'SWEEP_MAX_REVOCATIONS',
        readBy: ['sweep-keys', 'npm run sweep'],
        type: { kind: 'whole', of: 'keys', minimum: 0, maximum: 1_000_000 },
        default: '25',
        example: '100',
        meaning:
          'A plan that revokes more keys is blocked until a person releases it. `0` blocks every plan.',
      },
      {
        from: 'parameter',
        parameter: 'sweepMaxRatio',
        variable: 'SWEEP_MAX_RATIO',
        readBy: ['sweep-keys', 'npm run sweep'],
        type: { kind: 'share' },
        default: '0.2',
        example: '0.5',
        meaning:
          'The same, as a share of all active keys. Set it higher in a small enterprise: at `0.2` one revocation takes five active keys.',
      },
      {
        from: 'parameter',
        parameter: 'sweepExempt',
        variable: 'SWEEP_EXEMPT',
        readBy: ['sweep-keys', 'npm run sweep'],
        type: { kind: 'list', of: 'ids and names of service users and keys' },
        default: '',
        example: 'service-user-a1f0a1,key-408091,production-bot',
        meaning:
          'Service users and keys that no sweep revokes, by id or by their exact name. An entry that matches nothing blocks a plan that revokes something.',
      },
      {
        from: 'parameter',
        parameter: 'sweepPlanDays',
        variable: 'SWEEP_PLAN_DAYS',
        readBy: ['sweep-keys'],
        type: { kind: 'whole', of: 'days', minimum: 1, maximum: 365 },
        default: '7',
        example: '2',
        meaning: 'A plan that is older is not carried out, and cannot be released.',
      },
      {
        from: 'parameter',
        parameter: 'owners',
        variable: 'OWNERS',
        readBy: ['sweep-keys'],
        type: { kind: 'text', of: 'JSON, or the key of an object' },
        default: '',
        example: 'owners/owners.json',
        meaning:
          'Who is warned of a service user\'s keys, beside the alarm topic: JSON such as `{"deploy-bot": "deploy@example.com", "service-user-a1f0a1": "#deploys"}`, by name or id, or the key of an object under `owners/` in the audit bucket that holds it.',
      },
      {
        from: 'parameter',
        parameter: 'ownersFrom',
        variable: 'OWNERS_FROM',
        readBy: ['sweep-keys'],
        type: { kind: 'text', of: 'mail address' },
        default: '',
        example: 'key-revoker@example.com',
        meaning:
          'The sender of mails to owners. It must be verified in Amazon SES, in the region of the stack.',
      },
      {
        from: 'parameter',
        parameter: 'slackSecretArn',
        variable: 'SLACK_TOKEN_SECRET_ID',
        readBy: ['sweep-keys'],
        type: { kind: 'text', of: 'secret ARN' },
        default: '',
        example: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:slack-AbCdEf',
        meaning:
          'An existing secret with the token of a Slack bot that has the scope `chat:write`, for owners that are Slack channels.',
      },
      {
        from: 'parameter',
        parameter: 'slackApiUrl',
        variable: 'SLACK_API_URL',
        readBy: ['sweep-keys'],
        type: { kind: 'url' },
        default: 'https://slack.com/api',
        example: 'https://slack-gov.com/api',
        meaning: 'The Slack API.',
      },
      {
        from: 'parameter',
        parameter: 'sweepKeysSchedule',
        readBy: [],
        type: { kind: 'text', of: 'schedule expression' },
        default: 'cron(0 3 * * ? *)',
        example: 'rate(12 hours)',
        meaning:
          'When `sweep-keys` runs, in UTC. `SweepMissingAlarm` is raised after thirty hours without a plan, so keep the interval shorter.',
      },
    ],
  },
  {
    title: 'Enrolment',
    about: 'Whether tokens are enrolled before they leak, see [Attribution](attribution.md#enrolment).',
    settings: [
      {
        from: 'parameter',
        parameter: 'enroll',
        readBy: [],
        type: { kind: 'choice', values: ['true', 'false'] },
        default: 'false',
        example: 'true',
        meaning:
          '`true` turns on the function `enroll`, which may then read the secrets that carry the tag `devin-key-revoker:enroll`. Our own tokens are enrolled with them.',
      },
      {
        from: 'parameter',
        parameter: 'enrollSchedule',
        readBy: [],
        type: { kind: 'text', of: 'schedule expression' },
        default: 'cron(0/15 1-4 * * ? *)',
        example: 'rate(1 hour)',
        meaning:
          'When `enroll` runs, in UTC. Choose quiet hours: telling the keys of a service user apart takes up to 14 minutes of a run, and several runs where the API shows uses late. `EnrollMissingAlarm` is raised after thirty hours without a run, so keep the interval shorter.',
      },
    ],
  },
  {
    title: 'Alarms',
    about: 'Who is notified, and when.',
    settings: [
      {
        from: 'parameter',
        parameter: 'alarmEmail',
        readBy: [],
        type: { kind: 'text', of: 'e-mail address' },
        default: '',
        example: 'oncall@example.com',
        meaning:
          'Where alarms are mailed to; the address must confirm the subscription. Without it only the SNS topic is created.',
      },
      {
        from: 'parameter',
        parameter: 'notify',
        variable: 'NOTIFY',
        readBy: ['revoke'],
        type: { kind: 'choice', values: ['all', 'needs-person'] },
        default: 'all',
        example: 'needs-person',
        meaning:
          'Of which leaks a message goes to the topic of the alarms: of all, since each revoked key has to be replaced by somebody, or only of those that a person has to do something about. See [Notifications](operations.md#notifications).',
      },
      {
        from: 'parameter',
        parameter: 'runbookUrl',
        readBy: [],
        type: { kind: 'text', of: 'URL' },
        default: 'docs/operations.md',
        example: 'https://github.com/acme/devin-key-revoker/blob/main/docs/operations.md',
        meaning:
          'Where your copy of the page [Operations](operations.md) can be read. The description of each alarm, and the dashboard, link to its section there.',
      },
      {
        from: 'parameter',
        parameter: 'alarmQueueAgeSeconds',
        readBy: [],
        type: { kind: 'whole', of: 'seconds', minimum: 0, maximum: 1_209_600 },
        default: '300',
        example: '600',
        meaning: 'A report that waits longer raises an alarm.',
      },
    ],
  },
];

export const wiredSettings: readonly Wired[] = [
  {
    from: 'stack',
    variable: 'ADMIN_TOKEN_SECRET_ID',
    resource: 'AdminTokenSecret',
    readBy: ['revoke', 'sweep-keys', 'enroll', 'npm run sweep', 'npm run aftermath', 'npm run enroll'],
    requiredBy: ['revoke', 'sweep-keys', 'enroll', 'npm run enroll'],
    type: { kind: 'text', of: 'secret id' },
    meaning: 'The admin token: `cog_…`, or `{"token"}`.',
  },
  {
    from: 'stack',
    variable: 'GITHUB_TOKEN_SECRET_ID',
    resource: 'GithubTokenSecret',
    readBy: ['revoke', 'sweep-alerts'],
    requiredBy: ['sweep-alerts'],
    type: { kind: 'text', of: 'secret id' },
    meaning:
      'To read and close alerts: a token, `{"token"}`, or `{"app_id", "installation_id", "private_key"}` of a GitHub App.',
  },
  {
    from: 'stack',
    variable: 'WEBHOOK_SECRET_ID',
    resource: 'WebhookSecret',
    readBy: ['webhook'],
    requiredBy: ['webhook'],
    type: { kind: 'text', of: 'secret id' },
    meaning:
      'The secret of the GitHub webhook, or `{"github", "standard", "gitlab"}`, of which each is optional. Its previous version is accepted too, so that a rotation loses no delivery.',
  },
  {
    from: 'stack',
    variable: 'LEAK_QUEUE_URL',
    resource: 'LeakQueue',
    readBy: ['webhook', 'revoke', 'sweep-keys', 'sweep-alerts', 'reconcile'],
    requiredBy: ['webhook', 'sweep-keys', 'sweep-alerts', 'reconcile'],
    type: { kind: 'url' },
    meaning: 'The queue of leak reports.',
  },
  {
    from: 'stack',
    variable: 'BACKLOG_QUEUE_URL',
    resource: 'BacklogQueue',
    readBy: ['sweep-keys', 'sweep-alerts'],
    type: { kind: 'url' },
    meaning:
      'The queue of what may wait: old alerts, and keys that a sweep revokes. Without it they go to `LEAK_QUEUE_URL`.',
  },
  {
    from: 'stack',
    variable: 'SWEEP_QUEUE_URL',
    resource: 'SweepQueue',
    readBy: ['sweep-keys'],
    type: { kind: 'url' },
    meaning: 'The queue through which a long sweep continues.',
  },
  {
    from: 'stack',
    variable: 'NOTIFY_TOPIC_ARN',
    resource: 'AlarmTopic',
    readBy: ['revoke', 'sweep-keys', 'digest'],
    type: { kind: 'text', of: 'ARN' },
    meaning:
      'The SNS topic for summaries and warnings of a sweep, for the notice that keys are being told apart, for what an aftermath found, and for the heads of the audit log.',
  },
  {
    from: 'stack',
    variable: 'AUDIT_BUCKET',
    resource: 'AuditBucket',
    readBy: [
      'revoke',
      'sweep-keys',
      'sweep-alerts',
      'digest',
      'reconcile',
      'enroll',
      'npm run aftermath',
      'npm run enroll',
    ],
    requiredBy: ['revoke', 'sweep-keys', 'sweep-alerts', 'digest', 'reconcile', 'enroll', 'npm run enroll'],
    type: { kind: 'text', of: 'bucket name' },
    meaning: 'The bucket of the audit log.',
  },
  {
    from: 'stack',
    variable: 'SEALING_KEY_ID',
    resource: 'SealingKey',
    readBy: ['webhook', 'revoke'],
    type: { kind: 'text', of: 'ARN' },
    meaning:
      'The KMS key that seals a token while its report lies on the queue. Without it the webhook takes ids, and no tokens.',
  },
  {
    from: 'stack',
    variable: 'AUDIT_KEY_ID',
    resource: 'AuditKey',
    readBy: ['digest'],
    requiredBy: ['digest'],
    type: { kind: 'text', of: 'ARN' },
    meaning: 'The KMS key that signs the daily digests.',
  },
];

export const parameters: readonly Parameter[] = settingGroups.flatMap(({ settings }) => settings);

export const variables: readonly Variable[] = [...parameters, ...wiredSettings].filter(
  (setting: Setting): setting is Variable => setting.variable !== undefined,
);
