import { describe, expect, test } from 'vitest';
import { readAskedAftermath } from '../../lib/aftermath/asked-aftermath.ts';
import { ReportId } from '../../lib/domain/report.ts';
import { readEvent } from '../../lib/intake/event.ts';
import { readOrder } from '../../lib/sweep/keys/read-order.ts';
import { blocks, inlineCode, pages, readPage, rows } from '../support/pages.ts';

const run = { requestId: 'f3b1c2', now: 0 };

/** An entry of EventBridge's PutEvents becomes the event that the function receives. */
function delivered({ Detail, DetailType, Source }: { Source: string; DetailType: string; Detail: string }) {
  return {
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    time: '2026-11-23T08:42:20Z',
    source: Source,
    'detail-type': DetailType,
    detail: JSON.parse(Detail),
  };
}

describe('requests that are shown', () => {
  const shown = pages.flatMap((page) => blocks(page, 'json').map((json) => JSON.parse(json)));

  test('are accepted by the revoke function', () => {
    expect(shown.length).toBeGreaterThan(6);
    for (const request of shown) {
      if (request.aftermath !== undefined) {
        expect(readAskedAftermath(request, run, false)).toMatchObject({ kind: 'aftermath', exact: true });
        continue;
      }
      if (request.leaks !== undefined) {
        // The answer to a detector.
        for (const { accepted, reason, report_id } of request.leaks) {
          expect(accepted ? ReportId.parse(report_id) : reason).toEqual(expect.any(String));
        }
        continue;
      }
      const isEntry = typeof request.Detail === 'string';
      expect(readEvent(isEntry ? delivered(request) : request, run)).toMatchObject({
        kind: isEntry ? 'eventbridge' : 'direct',
      });
    }
  });

  test('are accepted when a shell command makes them', () => {
    const commands = pages.flatMap((page) => blocks(page, 'sh')).join('\n');
    const printed = [...commands.matchAll(/printf '(\{.*?\})'/g)].map(([, json = '']) => json);
    const entries = [...commands.matchAll(/put-events --entries '(.*)'/g)].flatMap(([, json = '']) =>
      JSON.parse(json),
    );

    expect([printed.length, entries.length]).toEqual([1, 1]);
    for (const json of printed) {
      const { report } = asReport(readEvent(JSON.parse(json.replaceAll('%s', 'a token')), run));
      expect(report).toMatchObject({ leak: { kind: 'token' }, dry_run: true });
    }
    for (const entry of entries) {
      expect(readEvent(delivered(entry), run)).toMatchObject({
        kind: 'eventbridge',
        report: { leak: { kind: 'key' } },
      });
    }
  });
});

describe('orders to sweep-keys that are shown', () => {
  const order = (json: string) =>
    readOrder(JSON.parse(json.replaceAll('<plan id>', '20261123T030000Z-5f0c2b1a')), run).order;

  test('are accepted, and do what the table says', () => {
    const orders = rows(readPage('docs/sweeps.md'), 'event').map(([event = '']) => order(event));
    expect(orders).toEqual(['start', 'start', 'release', 'stop', 'resume', 'continue']);
  });

  test('are accepted wherever they are mentioned', () => {
    const mentioned = pages
      .flatMap(inlineCode)
      .filter((code) => /^\{"(?:stop|resume|continue|release)"/.test(code));
    expect(mentioned.length).toBeGreaterThan(5);
    for (const json of mentioned) expect(order(json)).not.toBe('start');
  });
});

function asReport(trigger: ReturnType<typeof readEvent>) {
  if (trigger.kind === 'sqs') throw new Error('not a report');
  return trigger;
}
