import { verifyWithFallback } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SecretVersion } from '../../lib/aws/request-secret.ts';
import { SecretError } from '../../lib/aws/secrets.ts';
import { isSigned, sign } from '../../lib/intake/signature.ts';
import { webhookSecrets } from '../../lib/intake/webhook-secrets.ts';
import { ConfigError } from '../../lib/platform/config.ts';

const ID = 'webhook-secret';
type Stage = SecretVersion['stage'];
const SECOND = 1_000;
const start = Date.UTC(2026, 10, 23);

beforeEach(() => {
  vi.setSystemTime(start);
});
afterEach(() => {
  vi.useRealTimers();
});

const wait = (ms: number) => vi.setSystemTime(Date.now() + ms);
const notFound = () => new SecretError(ID, 'ResourceNotFoundException', 'cannot be read');
const throttled = () => new SecretError(ID, 'ThrottlingException', 'cannot be read');

/** A secret with its versions, each of which may be an error instead; and the reads of it. */
function stored(versions: { AWSCURRENT: string | Error; AWSPREVIOUS?: string | Error }) {
  const reads: Stage[] = [];
  const read = async (id: string, stage: Stage = 'AWSCURRENT') => {
    expect(id).toBe(ID);
    reads.push(stage);
    const version = versions[stage] ?? notFound();
    if (version instanceof Error) throw version;
    return version;
  };
  const secrets = webhookSecrets(read, ID);
  return {
    versions,
    reads,
    signedWith: (secret: string) => secrets.accept((known) => known === secret),
    known: async () => {
      const all: string[] = [];
      await secrets.accept((secret) => {
        all.push(secret);
        return false;
      });
      return all;
    },
  };
}

describe('the secrets of the webhook', () => {
  test.each([
    ['one that was never rotated', { AWSCURRENT: 'a' }, ['a']],
    ['the current and the previous one', { AWSCURRENT: 'b', AWSPREVIOUS: 'a' }, ['b', 'a']],
    ['one of JSON', { AWSCURRENT: '{"github":"b","standard":"c"}' }, ['b']],
    ['one of JSON after one of text', { AWSCURRENT: ' {"github":"b"}', AWSPREVIOUS: 'a' }, ['b', 'a']],
    ['none that is empty', { AWSCURRENT: 'b', AWSPREVIOUS: '' }, ['b']],
    ['none that is white space', { AWSCURRENT: 'b', AWSPREVIOUS: ' \n' }, ['b']],
    ['none of JSON that lacks it', { AWSCURRENT: 'b', AWSPREVIOUS: '{"standard":"c"}' }, ['b']],
    ['text that begins as JSON does', { AWSCURRENT: '{b' }, ['{b']],
    ['text without the line break that ends it', { AWSCURRENT: 'b\n', AWSPREVIOUS: 'a\r\n' }, ['b', 'a']],
    ['text with the line break within it', { AWSCURRENT: 'b\nc' }, ['b\nc']],
  ])('are %s', async (_title, versions, expected) => {
    expect(await stored(versions).known()).toEqual(expected);
  });

  test.each([
    ['nothing', ''],
    ['white space', ' \t\n'],
    ['JSON without it', '{}'],
    ['JSON with an empty one', '{"github":""}'],
    ['JSON with white space', '{"github":" "}'],
  ])('are refused when the current one is %s, even though the previous one is not', async (_title, value) => {
    const { signedWith } = stored({ AWSCURRENT: value, AWSPREVIOUS: 'a' });
    for (const secret of ['', 'a']) {
      await expect(signedWith(secret)).rejects.toEqual(
        new ConfigError(`the webhook secret in ${ID} is empty`),
      );
    }
  });

  test('are read when they are first needed: the previous one for a delivery that the current one did not sign', async () => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
    expect(reads).toEqual([]);
    expect(await signedWith('b')).toBe(true);
    expect(reads).toEqual(['AWSCURRENT']);
    expect(await signedWith('a')).toBe(true);
    expect(reads).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  test('are read once, however many need them', async () => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
    expect(await Promise.all([signedWith('b'), signedWith('a'), signedWith('b')])).toEqual([
      true,
      true,
      true,
    ]);
    wait(59 * SECOND);
    expect(await signedWith('b')).toBe(true);
    expect(reads).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  test('are read again after a minute: for the current one one read is enough', async () => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
    expect(await signedWith('b')).toBe(true);
    wait(60 * SECOND);
    expect([await signedWith('b'), await signedWith('b')]).toEqual([true, true]);
    expect(reads).toEqual(['AWSCURRENT', 'AWSCURRENT']);
  });
});

describe('a delivery', () => {
  const text = () => fc.string({ unit: 'grapheme', minLength: 1 });
  const secret = () => text().filter((value) => value.trim() !== '' && !/^\s*\{|[\r\n]$/.test(value));

  test('signed with the current or the previous secret is accepted, as by Octokit with its fallback', async () => {
    await fc.assert(
      fc.asyncProperty(text(), secret(), secret(), secret(), async (payload, current, previous, other) => {
        const body = Buffer.from(payload);
        for (const key of [current, previous, other]) {
          const signature = sign(body, key);
          const { accept } = webhookSecrets(
            async (_id, stage) => (stage === 'AWSPREVIOUS' ? previous : current),
            ID,
          );
          const accepted = await accept((known) => isSigned(body, signature, known));
          expect(accepted).toBe(await verifyWithFallback(current, payload, signature, [previous]));
          if (key !== other) expect(accepted).toBe(true);
        }
      }),
    );
  });
});

describe('a rotation', () => {
  test.each([0, 1, 29, 59, 60, 3_600])(
    'is noticed by a container that read the secret %i s ago',
    async (age) => {
      for (const first of ['a', 'x']) {
        const { signedWith, versions } = stored({ AWSCURRENT: 'a' });
        expect(await signedWith(first)).toBe(first === 'a');
        Object.assign(versions, { AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
        wait(age * SECOND);
        expect([await signedWith('b'), await signedWith('a')]).toEqual([true, true]);
      }
    },
  );

  test('between the two reads is noticed too', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'a' });
    const signed = signedWith('b');
    // The read of AWSCURRENT is under way, the one of AWSPREVIOUS is not.
    Object.assign(versions, { AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
    expect(await signed).toBe(true);
  });

  test('of a secret to itself is no reason to read it again and again', async () => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'a', AWSPREVIOUS: 'a' });
    for (let count = 0; count < 50; count++) expect(await signedWith('x')).toBe(false);
    expect(reads.length).toBeLessThanOrEqual(20);
  });

  test.each(['a', 'b'])(
    'takes away the secret before the previous one, after %s was in use',
    async (used) => {
      const { signedWith, versions } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
      for (let second = 0; second < 60; second++) {
        expect(await signedWith(used)).toBe(true);
        if (second === 0) Object.assign(versions, { AWSCURRENT: 'd', AWSPREVIOUS: 'c' });
        wait(SECOND);
      }
      expect([await signedWith('d'), await signedWith('c')]).toEqual([true, true]);
      expect([await signedWith('b'), await signedWith('a')]).toEqual([false, false]);
    },
  );
});

type Step =
  | { kind: 'wait'; ms: number }
  | { kind: 'rotate' }
  /** By the secret that was current so many rotations ago. */
  | { kind: 'signed'; back: number }
  | { kind: 'unsigned'; times: number };

/** Runs the steps on a clock of its own; of each delivery, whether it was accepted and since when its secret counts. */
async function run(steps: readonly Step[]) {
  vi.setSystemTime(start);
  const { reads, signedWith, versions } = stored({ AWSCURRENT: 'secret-0' });
  const rotatedAt = [Number.NEGATIVE_INFINITY];
  const signed: { back: number; accepted: boolean; sinceMs: number; goneMs: number }[] = [];
  const unsigned: boolean[] = [];
  for (const step of steps) {
    switch (step.kind) {
      case 'wait':
        wait(step.ms);
        break;
      case 'rotate':
        versions.AWSPREVIOUS = versions.AWSCURRENT;
        versions.AWSCURRENT = `secret-${rotatedAt.length}`;
        rotatedAt.push(Date.now());
        break;
      case 'signed': {
        const index = Math.max(0, rotatedAt.length - 1 - step.back);
        signed.push({
          back: rotatedAt.length - 1 - index,
          accepted: await signedWith(`secret-${index}`),
          sinceMs: Date.now() - (rotatedAt[index] ?? Number.NaN),
          goneMs: Date.now() - (rotatedAt[index + 2] ?? Number.POSITIVE_INFINITY),
        });
        break;
      }
      case 'unsigned':
        for (let count = 0; count < step.times; count++) unsigned.push(await signedWith('x'));
        break;
      default:
        step satisfies never;
    }
  }
  return { reads, signed, unsigned, rotations: rotatedAt.length - 1, elapsedMs: Date.now() - start };
}

describe('whatever comes in whatever order', () => {
  const someTime = fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 90_000 }));
  const waiting = someTime.map((ms): Step => ({ kind: 'wait', ms }));
  const delivery = fc.integer({ min: 0, max: 3 }).map((back): Step => ({ kind: 'signed', back }));
  const flood = fc.integer({ min: 1, max: 40 }).map((times): Step => ({ kind: 'unsigned', times }));
  const rotation = fc.constant<Step>({ kind: 'rotate' });
  const anything = fc.array(fc.oneof(waiting, delivery, flood, rotation), { maxLength: 40 });

  test('a delivery signed with a secret that counts for a second is accepted, one that lost its place a minute ago is not', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (steps) => {
        const { signed, unsigned } = await run(steps);
        for (const { accepted, back, goneMs, sinceMs } of signed) {
          if (back <= 1 && sinceMs >= SECOND) expect(accepted).toBe(true);
          if (goneMs >= 60 * SECOND) expect(accepted).toBe(false);
        }
        expect(unsigned).not.toContain(true);
      }),
      { numRuns: 500 },
    );
  });

  test('without unsigned deliveries, one signed with the current or the previous secret is accepted at once', async () => {
    const valid = fc.integer({ min: 0, max: 1 }).map((back): Step => ({ kind: 'signed', back }));
    const slowRotation = fc.tuple(rotation, valid, fc.constant<Step>({ kind: 'wait', ms: SECOND }));
    const pieces = fc.oneof(
      waiting.map((step) => [step]),
      valid.map((step) => [step]),
      slowRotation,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (all) => {
        const { signed } = await run(all.flat());
        expect(signed.map(({ accepted }) => accepted)).not.toContain(false);
      }),
      { numRuns: 500 },
    );
  });

  test('the reads are bounded by the time that passes and by the rotations', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (steps) => {
        const { elapsedMs, reads, rotations } = await run(steps);
        expect(reads.length).toBeLessThanOrEqual(2 * (4 + elapsedMs / SECOND + rotations));
      }),
      { numRuns: 500 },
    );
  });
});

describe('deliveries that nobody signed', () => {
  test('are refused after a few reads, however many they are', async () => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'a' });
    for (let count = 0; count < 500; count++) expect(await signedWith('x')).toBe(false);
    expect(reads.length).toBeLessThanOrEqual(8);
  });

  test('cause one more read of each version in a second', async () => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'a' });
    for (let tenth = 0; tenth < 600; tenth++) {
      expect(await signedWith('x')).toBe(false);
      wait(100);
    }
    expect(reads.length).toBeLessThanOrEqual(2 * 64);
  });

  test('do not hide a rotation for more than a second', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'a' });
    for (let count = 0; count < 50; count++) await signedWith('x');
    Object.assign(versions, { AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
    wait(SECOND);
    expect(await signedWith('b')).toBe(true);
  });
});

describe('a secret that cannot be read', () => {
  test('is an error, and is read again next time', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: throttled() });
    await expect(signedWith('a')).rejects.toEqual(throttled());
    versions.AWSCURRENT = 'a';
    expect(await signedWith('a')).toBe(true);
  });

  test('does not matter for a delivery that the other one signed', async () => {
    const { signedWith } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: throttled() });
    expect(await signedWith('b')).toBe(true);
    await expect(signedWith('a')).rejects.toEqual(throttled());
  });

  test('is read again for the delivery that needs it', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: throttled() });
    await expect(signedWith('a')).rejects.toEqual(throttled());
    versions.AWSPREVIOUS = 'a';
    expect(await signedWith('a')).toBe(true);
  });

  test.each(['AWSCURRENT', 'AWSPREVIOUS'] as const)('costs a bounded number of reads: %s', async (stage) => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'b', [stage]: throttled() });
    for (let count = 0; count < 100; count++) await expect(signedWith('a')).rejects.toEqual(throttled());
    expect(reads.length).toBeLessThanOrEqual(8);
  });

  test('does not take away what was known, and is no reason to refuse what is not', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'a' });
    expect(await signedWith('a')).toBe(true);
    versions.AWSCURRENT = throttled();
    for (const seconds of [0, 30, 60, 3_600]) {
      wait(seconds * SECOND);
      for (let count = 0; count < 10; count++) await expect(signedWith('x')).rejects.toEqual(throttled());
      expect(await signedWith('a')).toBe(true);
    }
    versions.AWSCURRENT = 'b';
    wait(SECOND);
    expect([await signedWith('b'), await signedWith('a')]).toEqual([true, false]);
  });

  test('takes away neither of the two that were known, after a minute without deliveries', async () => {
    for (const known of ['b', 'a']) {
      const { signedWith, versions } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
      expect([await signedWith('b'), await signedWith('a')]).toEqual([true, true]);
      Object.assign(versions, { AWSCURRENT: throttled(), AWSPREVIOUS: throttled() });
      wait(60 * SECOND);
      expect(await signedWith(known)).toBe(true);
    }
  });

  test('is no reason to refuse what it may have signed, though both were known a minute ago', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
    expect([await signedWith('b'), await signedWith('a')]).toEqual([true, true]);
    Object.assign(versions, { AWSCURRENT: 'd', AWSPREVIOUS: throttled() });
    wait(60 * SECOND);
    await expect(signedWith('c')).rejects.toEqual(throttled());
  });

  test('is read again within the minute, after it could not be', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'a' });
    expect(await signedWith('a')).toBe(true);
    versions.AWSCURRENT = throttled();
    await expect(signedWith('b')).rejects.toEqual(throttled());
    versions.AWSCURRENT = 'b';
    wait(SECOND);
    expect(await signedWith('b')).toBe(true);
  });

  test('is not replaced by what was known when it was emptied a minute ago', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'a' });
    expect(await signedWith('a')).toBe(true);
    versions.AWSCURRENT = '';
    wait(60 * SECOND);
    await expect(signedWith('a')).rejects.toThrow(ConfigError);
  });
});
