import { describe, expect, test } from 'vitest';
import { ofType, resource, resources } from './resources.ts';

describe('an alarm', () => {
  const queue = (id: string) => [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }];
  const lambda = (id: string) => [{ Name: 'FunctionName', Value: { Ref: id } }];
  const status = (value: string) => [{ Name: 'status', Value: value }];
  const job = (value: string) => [{ Name: 'job', Value: value }];

  const raisedByAny: [string, string, string, unknown, number][] = [
    ['DeadLetterAlarm', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', queue('LeakDeadLetterQueue'), 0],
    ['QueueAgeAlarm', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', queue('LeakQueue'), 300],
    ['BacklogAgeAlarm', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', queue('BacklogQueue'), 21_600],
    ['WebhookErrorAlarm', 'AWS/Lambda', 'Errors', lambda('WebhookLambdaFunction'), 0],
    ['WebhookUnavailableAlarm', 'AWS/Lambda', 'Url5xxCount', lambda('WebhookLambdaFunction'), 0],
    ['WebhookThrottledAlarm', 'AWS/Lambda', 'Throttles', lambda('WebhookLambdaFunction'), 0],
    ['WebhookRefusedAlarm', 'DevinKeyRevoker', 'WebhookRefused', undefined, 0],
    ['RevokeThrottledAlarm', 'AWS/Lambda', 'Throttles', lambda('RevokeLambdaFunction'), 0],
    ['NotificationFailedAlarm', 'DevinKeyRevoker', 'NotificationFailed', undefined, 0],
    ['SweepQueueAgeAlarm', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', queue('SweepQueue'), 14_400],
    ['AlertSweepErrorAlarm', 'AWS/Lambda', 'Errors', lambda('SweepDashalertsLambdaFunction'), 0],
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
    ['AftermathAlarm', 'DevinKeyRevoker', 'Aftermath', [{ Name: 'result', Value: 'escalated' }], 0],
    ['StillAliveAlarm', 'DevinKeyRevoker', 'Outcome', status('still_alive'), 0],
    ['OwnKeyAlarm', 'DevinKeyRevoker', 'OwnKeyLeaked', undefined, 0],
    ['ReopenedAlarm', 'DevinKeyRevoker', 'IncidentReopened', undefined, 0],
    ['FailedAlarm', 'DevinKeyRevoker', 'Outcome', status('failed'), 0],
    ['LostReportAlarm', 'DevinKeyRevoker', 'IntentWithoutOutcome', undefined, 0],
    ['ReconcileFailedAlarm', 'DevinKeyRevoker', 'ReconcileFailed', undefined, 0],
    ['DigestLateAlarm', 'DevinKeyRevoker', 'DigestLate', undefined, 0],
    ['AuditAnomalyAlarm', 'DevinKeyRevoker', 'AuditAnomaly', undefined, 0],
    ['HeadNotForwardedAlarm', 'DevinKeyRevoker', 'HeadNotForwarded', undefined, 0],
    ['ReconcileErrorAlarm', 'AWS/Lambda', 'Errors', lambda('ReconcileLambdaFunction'), 0],
    ['DigestErrorAlarm', 'AWS/Lambda', 'Errors', lambda('DigestLambdaFunction'), 0],
    ['SweepBlockedAlarm', 'DevinKeyRevoker', 'SweepBlocked', job('sweep-keys'), 0],
    ['SweepNotNotifiedAlarm', 'DevinKeyRevoker', 'SweepNotNotified', job('sweep-keys'), 0],
    ['SweepErrorAlarm', 'AWS/Lambda', 'Errors', lambda('SweepDashkeysLambdaFunction'), 0],
    [
      'SweepDeadLetterAlarm',
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      queue('SweepDeadLetterQueue'),
      0,
    ],
    ['AlertSweepFailedAlarm', 'DevinKeyRevoker', 'AlertSweepFailed', job('sweep-alerts'), 0],
    ['DrillErrorAlarm', 'AWS/Lambda', 'Errors', lambda('DrillLambdaFunction'), 0],
    ['DrillFailedAlarm', 'DevinKeyRevoker', 'DrillFailed', job('drill'), 0],
    ['EnrollErrorAlarm', 'AWS/Lambda', 'Errors', lambda('EnrollLambdaFunction'), 0],
    ['EnrollFailedAlarm', 'DevinKeyRevoker', 'EnrollFailed', job('enroll'), 0],
  ];
  test.each(raisedByAny)(
    'notifies people within a minute: %s',
    (id, Namespace, MetricName, Dimensions, Threshold) => {
      expect(resource(id).Properties).toMatchObject({
        Namespace,
        MetricName,
        ...(Dimensions !== undefined && { Dimensions }),
        Threshold,
        ComparisonOperator: 'GreaterThanThreshold',
        Period: 60,
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
        AlarmActions: [{ Ref: 'AlarmTopic' }],
      });
    },
  );

  const raisedByNone: [string, string, unknown, number, number][] = [
    ['SweepMissingAlarm', 'SweepPlanned', job('sweep-keys'), 21_600, 5],
    ['AlertSweepMissingAlarm', 'AlertSweepDone', job('sweep-alerts'), 900, 4],
    ['EnrollMissingAlarm', 'EnrollDone', job('enroll'), 21_600, 5],
    ['ReconcileMissingAlarm', 'LostReportsOpen', undefined, 900, 2],
    ['DigestMissingAlarm', 'DigestRun', undefined, 86_400, 1],
  ];
  test.each(raisedByNone)(
    'notifies people when a job does not run, even when its schedule is off: %s',
    (id, MetricName, Dimensions, Period, EvaluationPeriods) => {
      expect(resource(id).Properties).toMatchObject({
        Namespace: 'DevinKeyRevoker',
        MetricName,
        ...(Dimensions !== undefined && { Dimensions }),
        ComparisonOperator: 'LessThanThreshold',
        Threshold: 1,
        Period,
        EvaluationPeriods,
        TreatMissingData: 'breaching',
        AlarmActions: [{ Ref: 'AlarmTopic' }],
      });
    },
  );

  test.each(ofType('AWS::CloudWatch::Alarm'))(
    '%s also says when it is over, and names its runbook',
    (id, alarm) => {
      expect(alarm.Properties.OKActions).toEqual([{ Ref: 'AlarmTopic' }]);
      expect(alarm.Properties.AlarmDescription).toMatch(
        new RegExp(`^[A-Z].*[^.]\\. Runbook: docs/operations\\.md#${id.toLowerCase()}$`),
      );
    },
  );

  test('is in one of these lists', () => {
    const listed = [...raisedByAny, ...raisedByNone].map(([id]) => id);

    expect(
      ofType('AWS::CloudWatch::Alarm')
        .map(([id]) => id)
        .sort(),
    ).toEqual(listed.sort());
  });

  test('depends on a setting only where its job does', () => {
    const conditional = Object.entries(resources).filter(
      ([, { Condition, Type }]) => Type === 'AWS::CloudWatch::Alarm' && Condition !== undefined,
    );

    expect(conditional.map(([id, { Condition }]) => [id, Condition])).toEqual([
      ['AlertSweepMissingAlarm', 'HasGithubOrgs'],
      ['EnrollMissingAlarm', 'Enrolls'],
    ]);
  });
});
