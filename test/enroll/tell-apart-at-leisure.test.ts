import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENROLMENT_ERROR, type Progress } from '../../lib/enroll/progress.ts';
import { type LeisureParts, tellApartAtLeisure } from '../../lib/enroll/tell-apart-at-leisure.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';
import { memoryObjects } from '../support/memory-objects.ts';
import { simulatedDevin } from './simulated-devin.ts';

const MINUTE = 60_000;
const OWNER = 'service-user-a';
const PATH = `experiments/${OWNER}.json`;
const fingerprint = 'f'.repeat(64);

let output: Output;
let devins: ReturnType<typeof simulatedDevin>[];
beforeEach(() => {
  output = captureOutput();
  devins = [];
});
afterEach(() => {
  output.restore();
  for (const devin of devins) devin.stop();
});

function start(...given: Parameters<typeof simulatedDevin>) {
  const devin = simulatedDevin(...given);
  devins.push(devin);
  const memory = memoryObjects();
  /** Runs until so many minutes from now. */
  const run = (minutes: number, parts: Partial<LeisureParts> = {}, world = devin.world) =>
    tellApartAtLeisure({ service_user_id: OWNER, fingerprint, candidates: devin.candidates }, world, {
      objects: memory.store,
      isSearched: async () => false,
      holder: 'request-1',
      deadline: devin.world.now() + minutes * MINUTE,
      ...parts,
    });
  const progress = (): Progress => JSON.parse(memory.objects.get(PATH)?.text ?? '{}');
  return { ...devin, ...memory, devin, run, progress };
}

describe('keys that are told apart at leisure', () => {
  test.each([1, 2, 3])(
    'are found within two minutes where their uses show at once (world %d)',
    async (seed) => {
      const { elapsed, progress, run } = start(seed);

      const told = await run(14);

      expect(told).toEqual({
        status: 'found',
        api_key_id: 'own',
        experiment: {
          alpha: ENROLMENT_ERROR / 2,
          log10: expect.any(Number),
          bound_log10: Math.log10(4 / (ENROLMENT_ERROR / 2)),
          slots: expect.any(Number),
        },
      });
      if (told.status === 'found') {
        expect(told.experiment.log10).toBeGreaterThanOrEqual(told.experiment.bound_log10);
      }
      expect(elapsed()).toBeLessThan(2 * MINUTE);
      expect(progress()).toEqual({ version: 1, tokens: { [fingerprint]: { attempt: 1 } } });
    },
  );

  test('are found over several runs where a throttle of a minute holds back their uses', async () => {
    const { elapsed, progress, run, uses } = start(4, { recording: { throttle: 60 } });

    const runs = [await run(14)];
    expect(progress().tokens[fingerprint]).toMatchObject({
      attempt: 2,
      log: { alpha: ENROLMENT_ERROR / 4, segments: [{}] },
    });
    expect(progress().lease).toBeUndefined();
    while (runs.at(-1)?.status === 'undecided' && runs.length < 8) runs.push(await run(14));

    expect(runs.at(-1)).toMatchObject({
      status: 'found',
      api_key_id: 'own',
      experiment: { alpha: ENROLMENT_ERROR / 4 },
    });
    expect(runs.length).toBeGreaterThan(2);
    expect(elapsed()).toBeLessThan(90 * MINUTE);
    const patient = uses.filter((_, index) => index > 0).map((at, index) => at - (uses[index] ?? 0));
    expect(patient.filter((gap) => gap > 70_000).length).toBeGreaterThan(5);
    expect(progress().tokens[fingerprint]).toEqual({ attempt: 2 });
  });

  test('are left at once when a token of the service user leaks, and told apart after it', async () => {
    let isLeaked = false;
    const { devin, elapsed, progress, run, uses, world } = start(5, { recording: { throttle: 60 } });
    const isSearched = async () => isLeaked;
    const running = run(14, { isSearched });
    await world.sleepUntil(world.now() + 6 * MINUTE, undefined);
    isLeaked = true;
    const leakedAt = elapsed();

    expect(await running).toEqual({
      status: 'undecided',
      reason: 'a leaked token of this service user is being searched for',
    });
    expect(elapsed() - leakedAt).toBeLessThan(3_000);
    const before = uses.length;
    expect(await run(14, { isSearched })).toMatchObject({ status: 'undecided' });
    expect(devin.uses.length).toBe(before);
    const stored = progress().tokens[fingerprint];
    expect(stored).toMatchObject({ attempt: 2, log: { segments: [{}] } });

    isLeaked = false;
    await run(14, { isSearched });
    expect(progress().tokens[fingerprint]).toMatchObject({ attempt: 2, log: { segments: [{}, {}] } });
  });

  test('are told apart by one run at a time', async () => {
    const { run } = start(6);

    const both = await Promise.all([run(14), run(14, { holder: 'request-2' })]);

    expect(both.map(({ status }) => status).sort()).toEqual(['found', 'undecided']);
    expect(both).toContainEqual({
      status: 'undecided',
      reason: expect.stringContaining('another experiment about this service user'),
    });
  });

  test('are told apart afresh, with half the error, after a run that was cut off', async () => {
    const { progress, run, world } = start(7);
    const broken = { ...world, toss: () => expect.fail('the container dies') };

    await expect(run(14, {}, broken)).rejects.toThrow('the container dies');
    expect(progress()).toMatchObject({
      lease: { holder: 'request-1' },
      tokens: { [fingerprint]: { attempt: 1 } },
    });
    expect(await run(14)).toMatchObject({ reason: 'another experiment about this service user is running' });
    await world.sleepUntil(world.now() + 16 * MINUTE, undefined);
    await run(14);
    expect(progress().tokens[fingerprint]).toMatchObject({ attempt: 2, log: { alpha: ENROLMENT_ERROR / 4 } });
  });

  test('are not told apart when the token is dead', async () => {
    const { kill, run } = start(8);
    kill();
    expect(await run(14)).toEqual({ status: 'dead' });
  });

  test('are left alone without time, without the bucket, and where the stored experiments are not readable', async () => {
    const { objects, requests, run, uses } = start(9);

    expect(await run(0.5)).toMatchObject({ reason: 'no time left, a later run continues' });
    objects.set(PATH, { text: '{"version":2}', etag: '"x"' });
    expect(await run(14)).toMatchObject({ reason: 'the stored experiments are not readable' });
    expect(await run(14, { objects: memoryObjects(() => true).store })).toMatchObject({
      reason: 'the experiments cannot be read (HTTP 503)',
    });
    expect(uses).toEqual([]);
    expect(requests.filter((request) => request.startsWith('put'))).toEqual([]);
  });
});
