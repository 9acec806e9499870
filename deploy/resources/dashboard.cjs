// biome-ignore-all lint/suspicious/noTemplateCurlyInString: osls and CloudFormation replace the variables
// The dashboard, to be read in ten seconds: first what needs a person now, then the last 24 hours. deploy/draw-dashboard.ts
// draws it for the documentation. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
const { Resources } = require('./alarms.cjs');

const OURS = 'DevinKeyRevoker';
const HOUR = 3_600;
const DAY = 86_400;

/** One line of a widget. Without a label of its own a console shows the whole name. */
const ours = (label, name, options = {}, dimensions = []) => [
  OURS,
  name,
  ...dimensions,
  { label, ...options },
];
const outcome = (status, color) => ours(status, 'Outcome', { stat: 'Sum', color }, ['status', status]);
const queue = (label, id, name, color) => [
  'AWS/SQS',
  name,
  'QueueName',
  `\${${id}.QueueName}`,
  { label, stat: 'Maximum', ...(color && { color }) },
];
const fn = (label, id, name) => ['AWS/Lambda', name, 'FunctionName', `\${${id}}`, { label, stat: 'Sum' }];
const job = (label, name, of) => ours(label, name, { stat: 'Sum' }, ['job', of]);

const RED = '#d13212';
const AMBER = '#ff9900';
const GREEN = '#1d8102';
const BLUE = '#0073bb';
const GREY = '#879596';

const FUNCTIONS = [
  ['webhook', 'WebhookLambdaFunction'],
  ['revoke', 'RevokeLambdaFunction'],
  ['sweep-keys', 'SweepDashkeysLambdaFunction'],
  ['sweep-alerts', 'SweepDashalertsLambdaFunction'],
  ['digest', 'DigestLambdaFunction'],
  ['reconcile', 'ReconcileLambdaFunction'],
  ['enroll', 'EnrollLambdaFunction'],
];

const place = (x, y, width, height) => ({ x, y, width, height });
const numbers = (title, metrics, at, period = DAY) => ({
  type: 'metric',
  ...at,
  properties: {
    view: 'singleValue',
    title,
    region: '${AWS::Region}',
    metrics,
    period,
    ...(period === DAY && { setPeriodToTimeRange: true }),
  },
});
const graph = (title, metrics, at, options = {}) => ({
  type: 'metric',
  ...at,
  properties: { view: 'timeSeries', title, region: '${AWS::Region}', metrics, period: HOUR, ...options },
});

/** Alarms that the stack has under a condition are added to the text below. */
const isConditional = ([, { Condition }]) => Condition !== undefined;
const always = Object.entries(Resources).filter((entry) => !isConditional(entry));
const conditional = Object.entries(Resources).filter(isConditional);

const widgets = [
  {
    type: 'text',
    ...place(0, 0, 24, 2),
    properties: {
      markdown:
        '# ${self:service} ${sls:stage}\nRed in the first row needs a person: [what to do](${param:runbookUrl}). Below it: the last 24 hours.',
    },
  },
  {
    type: 'alarm',
    ...place(0, 2, 12, 6),
    properties: {
      title: 'Needs a person: alarms that are on',
      alarms: [...always.map(([id]) => `\${${id}.Arn}`), '@conditional'],
      states: ['ALARM'],
      sortBy: 'stateUpdatedTimestamp',
    },
  },
  numbers(
    'Now: seconds the oldest leak waits, leaks that wait, dead letters, lost reports',
    [
      queue('oldest leak (s)', 'LeakQueue', 'ApproximateAgeOfOldestMessage'),
      queue('leaks waiting', 'LeakQueue', 'ApproximateNumberOfMessagesVisible'),
      queue('dead letters', 'LeakDeadLetterQueue', 'ApproximateNumberOfMessagesVisible', RED),
      ours('lost reports', 'LostReportsOpen', { stat: 'Maximum', color: RED }),
    ],
    place(12, 2, 12, 3),
    300,
  ),
  // An alarm that a single event raises is off a minute later.
  numbers(
    'Last 24 hours: what a person had to look at',
    [
      outcome('escalated', RED),
      outcome('still_alive', RED),
      ours('own key leaked', 'OwnKeyLeaked', { stat: 'Sum', color: RED }),
      ours('reopened', 'IncidentReopened', { stat: 'Sum', color: RED }),
      ours('refused calls', 'WebhookRefused', { stat: 'Sum', color: RED }),
      ours('not notified', 'NotificationFailed', { stat: 'Sum', color: RED }),
    ],
    place(12, 5, 12, 3),
  ),
  numbers(
    'Last 24 hours: how reports ended',
    [
      outcome('revoked', GREEN),
      outcome('already_revoked', BLUE),
      outcome('escalated', RED),
      outcome('still_alive', RED),
      outcome('failed', AMBER),
      outcome('not_found', GREY),
      outcome('rehearsed', GREY),
    ],
    place(0, 8, 16, 3),
  ),
  numbers(
    'Last 24 hours: seconds until a leaked key was proven dead',
    [
      ours('p50', 'SecondsToRevoke', { stat: 'p50' }),
      ours('p99', 'SecondsToRevoke', { stat: 'p99' }),
      ours('leaks', 'SecondsToRevoke', { stat: 'SampleCount' }),
    ],
    place(16, 8, 8, 3),
  ),
  graph(
    'How reports ended',
    [
      outcome('revoked', GREEN),
      outcome('already_revoked', BLUE),
      outcome('escalated', RED),
      outcome('still_alive', '#7d2105'),
      outcome('failed', AMBER),
    ],
    place(0, 11, 12, 6),
    { stacked: true },
  ),
  graph(
    'Seconds until a leaked key was proven dead',
    [
      ours('p50', 'SecondsToRevoke', { stat: 'p50', color: BLUE }),
      ours('p99', 'SecondsToRevoke', { stat: 'p99', color: AMBER }),
      ours('search (p99)', 'SearchSeconds', { stat: 'p99', color: GREY }),
    ],
    place(12, 11, 12, 6),
  ),
  graph(
    'Seconds the oldest message waits',
    [
      queue('leaks', 'LeakQueue', 'ApproximateAgeOfOldestMessage'),
      queue('backlog', 'BacklogQueue', 'ApproximateAgeOfOldestMessage'),
      queue('sweep', 'SweepQueue', 'ApproximateAgeOfOldestMessage'),
    ],
    place(0, 17, 8, 6),
    {
      annotations: {
        horizontal: [{ label: 'alarm for leaks', value: '@queueAge', color: RED }],
      },
    },
  ),
  graph(
    'Errors and throttles of the functions',
    [
      ...FUNCTIONS.map(([name, id]) => fn(name, id, 'Errors')),
      fn('webhook throttled', 'WebhookLambdaFunction', 'Throttles'),
      fn('revoke throttled', 'RevokeLambdaFunction', 'Throttles'),
    ],
    place(8, 17, 8, 6),
    { stacked: true },
  ),
  numbers(
    'Last 24 hours: runs of the schedules, deliveries per report',
    [
      ours('digest', 'DigestRun', { stat: 'Sum' }),
      ours('reconcile', 'LostReportsOpen', { stat: 'SampleCount' }),
      job('sweep of keys', 'SweepPlanned', 'sweep-keys'),
      job('sweep of alerts', 'AlertSweepDone', 'sweep-alerts'),
      job('enrolment', 'EnrollDone', 'enroll'),
      ours('deliveries (max)', 'Attempts', { stat: 'Maximum' }),
    ],
    place(16, 17, 8, 6),
  ),
];

// A number that is a parameter stands without quotes.
const [before, after] = JSON.stringify({ start: '-PT24H', periodOverride: 'inherit', widgets })
  .replace('"@queueAge"', '${param:alarmQueueAgeSeconds}')
  .split(',"@conditional"');

module.exports = {
  Resources: {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: '${self:service}-${sls:stage}',
        DashboardBody: {
          'Fn::Join': [
            '',
            [
              { 'Fn::Sub': before },
              ...conditional.map(([id, { Condition }]) => ({
                'Fn::If': [Condition, { 'Fn::Sub': `,"\${${id}.Arn}"` }, ''],
              })),
              { 'Fn::Sub': after },
            ],
          ],
        },
      },
    },
  },
  Outputs: {
    DashboardUrl: {
      Description: 'What needs a person, and the last 24 hours',
      Value: {
        'Fn::Sub':
          'https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${Dashboard}',
      },
    },
  },
};
