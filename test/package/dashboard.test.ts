import { describe, expect, test } from 'vitest';
import { dashboardText, type Widget } from '../pictures/draw-dashboard.ts';
import { ofType, resource, resources } from './resources.ts';

const given = resource('Dashboard').Properties.DashboardBody;
const body = dashboardText(given, true);
const filled: { widgets: Widget[] } = JSON.parse(body);
const { widgets } = filled;
const alarms = widgets.flatMap((widget) => (widget.type === 'alarm' ? widget.properties.alarms : []));

describe('the dashboard', () => {
  test('shows every alarm of the stack that is on, and no other', () => {
    const ids = ofType('AWS::CloudWatch::Alarm').map(([id]) => `\${${id}.Arn}`);

    expect(alarms.toSorted()).toEqual(ids.toSorted());
    expect(widgets.find(({ type }) => type === 'alarm')?.properties).toMatchObject({ states: ['ALARM'] });
  });

  test('is valid where no condition holds', () => {
    expect(() => JSON.parse(dashboardText(given, false))).not.toThrow();
  });

  test('refers to resources of the stack alone', () => {
    const names = [...body.matchAll(/\$\{([A-Za-z:]+)(?:\.\w+)?\}/g)].map(([, name = '']) => name);
    const known = new Set([...Object.keys(resources), 'AWS::Region']);

    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    expect(body).not.toMatch(/\$\{(?:param|self|sls):/);
  });

  test('has widgets within its 24 columns that do not overlap', () => {
    const cells = widgets.flatMap(({ height, width, x, y }) =>
      Array.from({ length: width * height }, (_, at) => `${x + (at % width)},${y + Math.floor(at / width)}`),
    );

    expect(widgets.every(({ width, x }) => x + width <= 24)).toBe(true);
    expect(new Set(cells).size).toBe(cells.length);
  });

  test('has what needs a person in its first rows', () => {
    const alarmsAt = widgets.findIndex(({ type }) => type === 'alarm');

    expect(alarmsAt).toBe(1);
    expect(widgets[alarmsAt]?.y).toBeLessThan(3);
  });
});
