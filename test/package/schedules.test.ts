import { describe, expect, test } from 'vitest';
import { arn, ofType, resource } from './resources.ts';

describe('a sweep', () => {
  test('continues through a queue of its own, one message at a time, which Lambda does not stop as a loop', () => {
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
    [
      'EnrollSchedule',
      'EnrollLambdaFunction',
      'cron(0/15 1-4 * * ? *)',
      { 'Fn::If': ['Enrolls', 'ENABLED', 'DISABLED'] },
    ],
    [
      'DrillSchedule',
      'DrillLambdaFunction',
      'cron(0 9 ? * MON *)',
      { 'Fn::If': ['HasDrills', 'ENABLED', 'DISABLED'] },
    ],
  ])(
    'is started by %s, which has a dead-letter queue of its own',
    (id, target, ScheduleExpression, State) => {
      expect(resource(id).Properties).toMatchObject({
        GroupName: { Ref: 'ScheduleGroup' },
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
    },
  );
});

describe('a schedule', () => {
  test.each([
    ['DigestLambdaFunction', 'cron(30 * * * ? *)'],
    ['ReconcileLambdaFunction', 'rate(5 minutes)'],
  ])('starts %s: %s', (id, expression) => {
    const rules = ofType('AWS::Events::Rule')
      .map(([, { Properties }]) => Properties)
      .filter(({ ScheduleExpression }) => ScheduleExpression !== undefined)
      .map(({ ScheduleExpression, Targets }) => [ScheduleExpression, Targets[0].Arn]);

    expect(rules).toContainEqual([expression, arn(id)]);
  });
});
