// biome-ignore-all lint/suspicious/noTemplateCurlyInString: osls replaces the variables in what this file exports
// What osls cannot be asked for in the functions of serverless.yml: logs that outlive the stack, and a concurrency that may
// be left out.
const { readdirSync } = require('node:fs');
const { join } = require('node:path');

/** The functions by the names that osls gives them in logical ids: each file of handlers/ is one. */
const FUNCTIONS = readdirSync(join(__dirname, '../../handlers'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.charAt(0).toUpperCase() + file.slice(1, -'.ts'.length).replaceAll('-', 'Dash'));

/**
 * The log may hold a record that the store lost, so it is kept when the stack is deleted. Without a fixed name, since a group
 * that was kept would block the next deployment of the same stage.
 */
const keptLog = (name) => ({
  [`${name}LogGroup`]: {
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: { LogGroupName: { Ref: 'AWS::NoValue' } },
  },
  [`${name}LambdaFunction`]: { Properties: { LoggingConfig: { LogGroup: { Ref: `${name}LogGroup` } } } },
});

const logs = Object.assign({}, ...FUNCTIONS.map(keptLog));

// An account that is new may run ten invocations at a time, of which none can be reserved: reserving is a choice.
logs.WebhookLambdaFunction.Properties.ReservedConcurrentExecutions = {
  'Fn::If': ['HasWebhookConcurrency', { Ref: 'WebhookConcurrency' }, { Ref: 'AWS::NoValue' }],
};

module.exports = {
  Parameters: {
    WebhookConcurrency: {
      Type: 'Number',
      Default: '${param:webhookConcurrency}',
      MinValue: 0,
    },
  },
  Conditions: {
    HasWebhookConcurrency: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'WebhookConcurrency' }, 0] }] },
  },
  extensions: logs,
};
