// biome-ignore-all lint/suspicious/noTemplateCurlyInString: osls replaces the variables in what this file exports
// The alarms. Each notifies AlarmTopic of alarm-topic.yml when it is raised and when it is over, and names its section of
// docs/operations.md.

const OURS = 'DevinKeyRevoker';

const lambda = (id) => [{ Name: 'FunctionName', Value: { Ref: id } }];
const rule = (name) => [{ Name: 'RuleName', Value: name }];
const job = (name) => [{ Name: 'job', Value: name }];
const status = (name) => [{ Name: 'status', Value: name }];

const WEBHOOK = lambda('WebhookLambdaFunction');
const REVOKE = lambda('RevokeLambdaFunction');

const alarm = (Properties) => ({ Type: 'AWS::CloudWatch::Alarm', Properties });

const RUNBOOK = 'Runbook: ${param:runbookUrl}';
const TOPIC = [{ Ref: 'AlarmTopic' }];

/** What all alarms have in common. */
const complete = (id, { Properties, ...alarm }) => ({
  ...alarm,
  Properties: {
    ...Properties,
    AlarmDescription: `${Properties.AlarmDescription}. ${RUNBOOK}#${id.toLowerCase()}`,
    AlarmActions: TOPIC,
    OKActions: TOPIC,
  },
});

/** Exceeding the threshold for a minute raises it. */
const above = (Threshold, Properties) =>
  alarm({
    ...Properties,
    Threshold,
    ComparisonOperator: 'GreaterThanThreshold',
    Period: 60,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
  });

/** A single event raises it. */
const any = (Namespace, MetricName, Dimensions, AlarmDescription) =>
  above(0, {
    AlarmDescription,
    Namespace,
    MetricName,
    ...(Dimensions && { Dimensions }),
    Statistic: 'Sum',
  });

const queue = (MetricName, id, threshold, AlarmDescription) =>
  above(threshold, {
    AlarmDescription,
    Namespace: 'AWS/SQS',
    MetricName,
    Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }],
    Statistic: 'Maximum',
  });

/**
 * A job that reports nothing for so many periods (of `Period` seconds) raises it, even when its schedule is off. It is
 * also on until the first run of a new stack.
 */
const missing = (
  MetricName,
  Dimensions,
  { Period, EvaluationPeriods, Statistic = 'Sum' },
  AlarmDescription,
) =>
  alarm({
    AlarmDescription,
    Namespace: OURS,
    MetricName,
    ...(Dimensions && { Dimensions }),
    Statistic,
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    Period,
    EvaluationPeriods,
    TreatMissingData: 'breaching',
  });

const alarms = {
  DeadLetterAlarm: queue(
    'ApproximateNumberOfMessagesVisible',
    'LeakDeadLetterQueue',
    0,
    'A leak report could not be settled and lies in the dead-letter queue',
  ),
  QueueAgeAlarm: queue(
    'ApproximateAgeOfOldestMessage',
    'LeakQueue',
    '${param:alarmQueueAgeSeconds}',
    'A leak report waits too long, so the key may still be alive',
  ),
  BacklogAgeAlarm: queue(
    'ApproximateAgeOfOldestMessage',
    'BacklogQueue',
    21_600,
    'The backlog of old alerts and swept keys is not worked off: a message waits for six hours',
  ),

  WebhookErrorAlarm: any('AWS/Lambda', 'Errors', WEBHOOK, 'The webhook function failed'),
  // Its address is known to GitHub alone, so what is not signed with our secret is a wrong secret at either end.
  WebhookRefusedAlarm: any(
    OURS,
    'WebhookRefused',
    undefined,
    'Deliveries were refused: they are not signed with the secret of the webhook. Leaks may go unseen',
  ),
  // GitHub does not redeliver by itself, so a delivery that was refused is a leak that nobody works on.
  WebhookUnavailableAlarm: any(
    'AWS/Lambda',
    'Url5xxCount',
    WEBHOOK,
    'The webhook answered 5xx. Redeliver the failed deliveries on GitHub',
  ),
  WebhookThrottledAlarm: any(
    'AWS/Lambda',
    'Throttles',
    WEBHOOK,
    'The webhook was throttled. Redeliver the failed deliveries on GitHub',
  ),

  RevokeThrottledAlarm: any(
    'AWS/Lambda',
    'Throttles',
    REVOKE,
    'The revoke function was throttled, so leaks wait. The concurrency of the account is used up',
  ),
  RevokeErrorAlarm: any('AWS/Lambda', 'Errors', REVOKE, 'The revoke function failed'),
  RevokeDroppedAlarm: any(
    'AWS/Lambda',
    'AsyncEventsDropped',
    REVOKE,
    'A leak report from EventBridge was given up after its retries. Send it again',
  ),
  RuleFailedAlarm: any(
    'AWS/Events',
    'FailedInvocations',
    rule('${self:custom.ruleName}'),
    'EventBridge could not hand a leak report to the revoke function. Send it again',
  ),
  EscalatedAlarm: any(OURS, 'Outcome', status('escalated'), 'A leak was escalated, a person must decide'),
  AftermathAlarm: any(
    OURS,
    'Aftermath',
    [{ Name: 'result', Value: 'escalated' }],
    'Sessions or keys that followed a leak are left to a person',
  ),
  StillAliveAlarm: any(OURS, 'Outcome', status('still_alive'), 'A key was revoked and its token still works'),
  OwnKeyAlarm: any(
    OURS,
    'OwnKeyLeaked',
    undefined,
    'The admin or the standby token of this software leaked. Put a new one into its secret',
  ),
  ReopenedAlarm: any(
    OURS,
    'IncidentReopened',
    undefined,
    'A token that was taken for dead works. Its alert was opened again, and it is contained',
  ),
  NotificationFailedAlarm: any(
    OURS,
    'NotificationFailed',
    undefined,
    'A message to people did not go out. What it said is in the log and on record',
  ),
  FailedAlarm: any(OURS, 'Outcome', status('failed'), 'An attempt to revoke a key failed'),

  SweepErrorAlarm: any(
    'AWS/Lambda',
    'Errors',
    lambda('SweepDashkeysLambdaFunction'),
    'The sweep of the keys failed',
  ),
  SweepBlockedAlarm: any(
    OURS,
    'SweepBlocked',
    job('sweep-keys'),
    'A sweep was held back by a guard rail, or failed. The log says why, and how to release its plan',
  ),
  SweepNotNotifiedAlarm: any(
    OURS,
    'SweepNotNotified',
    job('sweep-keys'),
    'A warning or the summary of a sweep did not go out. The next sweep warns again',
  ),
  SweepMissingAlarm: missing(
    'SweepPlanned',
    job('sweep-keys'),
    { Period: 21_600, EvaluationPeriods: 5 },
    'No sweep of the keys came to a plan for thirty hours',
  ),
  SweepQueueAgeAlarm: queue(
    'ApproximateAgeOfOldestMessage',
    'SweepQueue',
    14_400,
    'A sweep of the keys does not go on: its next page waits for four hours',
  ),
  SweepDeadLetterAlarm: queue(
    'ApproximateNumberOfMessagesVisible',
    'SweepDeadLetterQueue',
    0,
    'A sweep did not go on, or its schedule could not be delivered',
  ),

  AlertSweepErrorAlarm: any(
    'AWS/Lambda',
    'Errors',
    lambda('SweepDashalertsLambdaFunction'),
    'The sweep of the alerts failed, so missed alerts are not found',
  ),
  AlertSweepFailedAlarm: any(
    OURS,
    'AlertSweepFailed',
    job('sweep-alerts'),
    'Open alerts of an organisation could not be looked through for missed ones',
  ),
  AlertSweepMissingAlarm: {
    ...missing(
      'AlertSweepDone',
      job('sweep-alerts'),
      { Period: 900, EvaluationPeriods: 4 },
      'Nobody looked for missed alerts for an hour',
    ),
    Condition: 'HasGithubOrgs',
  },

  DrillErrorAlarm: any(
    'AWS/Lambda',
    'Errors',
    lambda('DrillLambdaFunction'),
    'A drill broke off. The log names the error',
  ),
  DrillFailedAlarm: any(
    OURS,
    'DrillFailed',
    job('drill'),
    'A key that was leaked to ourselves was not revoked, or not in time. A real leak may not be revoked in time either',
  ),

  EnrollErrorAlarm: any(
    'AWS/Lambda',
    'Errors',
    lambda('EnrollLambdaFunction'),
    'The enrolment of tokens failed. The log names the error',
  ),
  EnrollFailedAlarm: any(
    OURS,
    'EnrollFailed',
    job('enroll'),
    'A tagged secret could not be read or holds no Devin token, or a token could not be enrolled',
  ),
  EnrollMissingAlarm: {
    ...missing(
      'EnrollDone',
      job('enroll'),
      { Period: 21_600, EvaluationPeriods: 5 },
      'No enrolment of tokens ran for thirty hours',
    ),
    Condition: 'Enrolls',
  },

  // Once for each report, so that a new one is not hidden by those that are known.
  LostReportAlarm: any(
    OURS,
    'IntentWithoutOutcome',
    undefined,
    'An intent to revoke has no outcome after 15 minutes. See npm run audit-log -- show',
  ),
  ReconcileFailedAlarm: any(
    OURS,
    'ReconcileFailed',
    undefined,
    'A report without an outcome could not be looked at, or not be queued again. The next run tries again',
  ),
  ReconcileErrorAlarm: any(
    'AWS/Lambda',
    'Errors',
    lambda('ReconcileLambdaFunction'),
    'The function that looks for lost reports failed',
  ),

  // It reports the number at each run, zero too.
  ReconcileMissingAlarm: missing(
    'LostReportsOpen',
    undefined,
    { Period: 900, EvaluationPeriods: 2, Statistic: 'SampleCount' },
    'Nobody looked for lost reports for half an hour',
  ),

  DigestErrorAlarm: any(
    'AWS/Lambda',
    'Errors',
    lambda('DigestLambdaFunction'),
    'The digest of the audit log was not written. The next run backfills it',
  ),
  DigestLateAlarm: any(
    OURS,
    'DigestLate',
    undefined,
    'A day of the audit log was signed more than a day after its end. Find out why',
  ),
  AuditAnomalyAlarm: any(
    OURS,
    'AuditAnomaly',
    undefined,
    'Objects of the audit log have more than one version, or were deleted. Nothing of this software does that',
  ),
  HeadNotForwardedAlarm: any(
    OURS,
    'HeadNotForwarded',
    undefined,
    'The head of the audit log did not reach the SIEM. It is in the notification and in the log',
  ),
  DigestMissingAlarm: missing(
    'DigestRun',
    undefined,
    { Period: 86_400, EvaluationPeriods: 1 },
    'The digest function did not run for a day',
  ),
};

module.exports = {
  Resources: Object.fromEntries(Object.entries(alarms).map(([id, given]) => [id, complete(id, given)])),
};
