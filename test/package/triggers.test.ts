import { describe, expect, test } from 'vitest';
import { arn, ofType } from './resources.ts';

describe('the triggers', () => {
  test('make only the webhook public, through a function URL, which takes two permissions', () => {
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

  test('send an EventBridge event to the revoke function unchanged', () => {
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

  test('retry an event twice and store it nowhere when it fails, since it may hold a token', () => {
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
      config('EnrollLambdaFunction', 0),
      config('DrillLambdaFunction', 0),
    ]);
  });
});
