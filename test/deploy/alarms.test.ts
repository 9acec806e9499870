import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { outcomeVariants } from '../../lib/domain/outcome.ts';
import { dashboardWidgets } from '../pictures/draw-dashboard.ts';
import { anchors, readPage } from '../support/pages.ts';
import { ROOT, readYaml } from './cloudformation-yaml.ts';

interface Alarm {
  readonly Properties: {
    readonly AlarmDescription: string;
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
    readonly TreatMissingData: string;
    readonly AlarmActions: unknown;
    readonly OKActions: unknown;
  };
}
const { Resources }: { Resources: Record<string, Alarm> } = createRequire(import.meta.url)(
  '../../deploy/resources/alarms.cjs',
);
const alarms = Object.entries(Resources).map(([id, { Properties }]) => ({ id, ...Properties }));
const ours = alarms.filter(({ Namespace }) => Namespace === 'DevinKeyRevoker');

/** What the code emits, as `Name{dimension=value}`; a value that is not a literal is `*`. */
const emitted = new Set(
  globSync('{handlers,lib}/**/*.ts', { cwd: ROOT }).flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const job = /const job = \{ job: '([\w-]+)' \}/.exec(text)?.[1];
    const counts = [...text.matchAll(/\bcount\(\s*(?:\w+ \? )?'(\w+)'(?: : '(\w+)')?,\s*(\{[^}]*\}|job)/g)];
    const measures = [...text.matchAll(/\bmeasure\('(\w+)'/g)];
    return [
      ...counts.flatMap(([, name, other, dimensions = '']) =>
        [name, other].flatMap((one) => (one === undefined ? [] : `${one}${read(dimensions, job)}`)),
      ),
      ...measures.map(([, name]) => `${name}{}`),
    ];
  }),
);

function read(dimensions: string, job: string | undefined): string {
  if (dimensions === 'job') return `{job=${job}}`;
  const literal = /^\{ (\w+): '([\w-]+)' \}$/.exec(dimensions);
  if (literal) return `{${literal[1]}=${literal[2]}}`;
  const name = /^\{ (\w+)/.exec(dimensions)?.[1];
  return name === undefined ? '{}' : `{${name}=*}`;
}

function watched({ Dimensions = [], MetricName }: (typeof ours)[number]): string[] {
  const [only] = Dimensions;
  if (only === undefined) return [`${MetricName}{}`];
  return [`${MetricName}{${only.Name}=${only.Value}}`, `${MetricName}{${only.Name}=*}`];
}

describe.each(alarms)('$id', ({ id, ...alarm }) => {
  test('notifies people when it is raised and when it is over', () => {
    expect([alarm.AlarmActions, alarm.OKActions]).toEqual([[{ Ref: 'AlarmTopic' }], [{ Ref: 'AlarmTopic' }]]);
  });

  test('names the section of the operations that says what to do', () => {
    const page = readPage('docs/operations.md');
    const section = page.text.split(/^### /m).find((text) => text.startsWith(`${id}\n`));

    // biome-ignore lint/suspicious/noTemplateCurlyInString: osls replaces it
    expect(alarm.AlarmDescription).toContain(`. Runbook: ${'${param:runbookUrl}'}#${id.toLowerCase()}`);
    expect(anchors(page)).toContain(id.toLowerCase());
    for (const part of ['**Means:**', '**How bad:**', '**Do:**', '**Over when:**']) {
      expect(section).toContain(part);
    }
  });
});

test('the operations have no section of an alarm that is gone', () => {
  const sections = [...readPage('docs/operations.md').text.matchAll(/^### (\w+Alarm)$/gm)].map(
    ([, id]) => id,
  );

  expect(sections.toSorted()).toEqual(alarms.map(({ id }) => id).toSorted());
});

test.each(ours)('$id watches what the code emits, in these dimensions', (alarm) => {
  expect(watched(alarm).some((metric) => emitted.has(metric))).toBe(true);
});

test('a status that an alarm watches is one of the outcomes', () => {
  const statuses = ours
    .filter(({ MetricName }) => MetricName === 'Outcome')
    .flatMap(({ Dimensions = [] }) => Dimensions.map(({ Value }) => Value));
  const known: unknown[] = outcomeVariants().map(({ shape }) => shape.status.def.values[0]);

  expect(statuses).toEqual(expect.arrayContaining(['escalated', 'still_alive', 'failed']));
  expect(known).toEqual(expect.arrayContaining(statuses));
});

test('every function has an alarm of its errors', () => {
  const watchedIds = alarms
    .filter(({ MetricName, Namespace }) => Namespace === 'AWS/Lambda' && MetricName === 'Errors')
    .map(({ Dimensions }) => JSON.stringify(Dimensions));
  const functions = Object.keys(readYaml('serverless.yml').functions);

  for (const name of functions) {
    const id = `${name[0]?.toUpperCase()}${name.slice(1).replaceAll('-', 'Dash')}LambdaFunction`;
    expect(watchedIds.join(), name).toContain(`"${id}"`);
  }
});

test('every queue has an alarm of its age, and a dead-letter queue one of its first message', () => {
  const queues = Object.entries(readYaml('deploy/resources/queues.yml').Resources)
    .filter(([, value]) => (value as { Type: string }).Type === 'AWS::SQS::Queue')
    .map(([id]) => id);

  expect(queues.length).toBeGreaterThan(3);
  for (const id of queues) {
    const metric = id.includes('DeadLetter')
      ? 'ApproximateNumberOfMessagesVisible'
      : 'ApproximateAgeOfOldestMessage';
    const has = alarms.some(
      ({ Dimensions, MetricName }) => MetricName === metric && JSON.stringify(Dimensions).includes(`"${id}"`),
    );
    expect(has, id).toBe(true);
  }
});

test('silence is alarming where a schedule should have run, and nowhere else', () => {
  const breaching = alarms
    .filter(({ TreatMissingData }) => TreatMissingData === 'breaching')
    .map(({ id }) => id);

  expect(breaching.toSorted()).toEqual([
    'AlertSweepMissingAlarm',
    'DigestMissingAlarm',
    'EnrollMissingAlarm',
    'ReconcileMissingAlarm',
    'SweepMissingAlarm',
  ]);
});

describe('the metrics table of the operations', () => {
  test('lists what the code emits, and nothing else', () => {
    const text = readPage('docs/operations.md').text.split('## Metrics')[1]?.split(/^## /m)[0] ?? '';
    const listed = [...text.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );

    expect(listed.toSorted()).toEqual([...new Set([...emitted].map((one) => one.split('{')[0]))].toSorted());
  });
});

test('the dashboard shows metrics that the code emits, in these dimensions', () => {
  const shown = dashboardWidgets().flatMap((widget) =>
    widget.type === 'metric'
      ? widget.properties.metrics.filter(([space]) => space === 'DevinKeyRevoker')
      : [],
  );
  const wrong = shown.filter(([, name, dimension, value]) => {
    if (typeof dimension !== 'string') return !emitted.has(`${name}{}`);
    return !emitted.has(`${name}{${dimension}=${value}}`) && !emitted.has(`${name}{${dimension}=*}`);
  });

  expect(shown.length).toBeGreaterThan(25);
  expect(wrong).toEqual([]);
});
