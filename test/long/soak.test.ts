import { afterEach, expect, test } from 'vitest';
import { startContainer } from '../../sandbox/container.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { injectFaults } from '../../sandbox/inject-faults.ts';
import { outcomeRecords } from '../../sandbox/observe.ts';
import { alertReport, sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';

/** An hour of traffic at one batch of ten a minute. */
const BATCHES = 60;
const MIB = 1024 * 1024;
/** Batches until everything is loaded that a report may need, and the heap has its size. */
const WARM = BATCHES / 4;

let sandbox: Sandbox;
let container: ReturnType<typeof startContainer>;

afterEach(async () => {
  container.stop();
  await sandbox.stop();
});

test('an hour of alerts in one warm container, some of them met by faults, leaves memory, sockets and timers bounded', async () => {
  sandbox = await startSandbox({ sqs: false });
  container = startContainer('revoke', sandbox.env(), 180_000, ['--expose-gc']);
  injectFaults(sandbox.devin, { share: 0.03, perSecond: 0 });
  injectFaults(sandbox.s3, { share: 0.01, perSecond: 0 });
  injectFaults(sandbox.github, { share: 0.02, perSecond: 0 });

  let again: { body: object; receiveCount: number }[] = [];
  let made = 0;
  while (made < BATCHES || again.length > 0) {
    const fresh = made < BATCHES ? 10 : 0;
    const batch = [
      ...again,
      ...Array.from({ length: fresh }, () => ({ body: alertReport(sandbox.leak().alert), receiveCount: 1 })),
    ];
    made += 1;
    const event = sqsEvent(
      ...batch.map(({ body, receiveCount }, index) =>
        sqsRecord(body, { messageId: String(index), receiveCount }),
      ),
    );
    const { batchItemFailures } = (await container.invoke(event)) as {
      batchItemFailures: { itemIdentifier: string }[];
    };
    again = batchItemFailures.flatMap(({ itemIdentifier }) => {
      const failed = batch[Number(itemIdentifier)];
      return failed === undefined ? [] : [{ ...failed, receiveCount: failed.receiveCount + 1 }];
    });
    expect(made).toBeLessThan(BATCHES * 2);
  }

  const { answers } = container;
  const figures = {
    invocations: answers.length,
    earlyHeapMib: (answers[WARM]?.heap ?? 0) / MIB,
    heapMib: (answers.at(-1)?.heap ?? 0) / MIB,
    rssMib: Math.max(...answers.map(({ rss }) => rss)) / MIB,
    sockets: Math.max(...answers.map(({ sockets }) => sockets)),
    timers: answers.at(-1)?.timers,
  };
  console.info(figures);
  expect(outcomeRecords(sandbox)).toHaveLength(BATCHES * 10);
  // What lives in the end and did not before; 5 kB a report would be more.
  expect(figures.heapMib - figures.earlyHeapMib).toBeLessThan(2);
  expect(figures.rssMib).toBeLessThan(200);
  // Idle ones of five hosts, at most 32 each.
  expect(figures.sockets).toBeLessThan(5 * 32);
  expect(figures.timers).toBe(0);
}, 540_000);
