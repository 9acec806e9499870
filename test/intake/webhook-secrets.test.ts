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
const notFound = () => new SecretError(ID, 'ResourceNotFoundException', 'can not be read');
const throttled = () => new SecretError(ID, 'ThrottlingException', 'can not be read');

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
    wait(3_600 * SECOND);
    expect(await signedWith('b')).toBe(true);
    expect(reads).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
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
  test('is noticed at the first delivery that the known secrets did not sign', async () => {
    const { reads, signedWith, versions } = stored({ AWSCURRENT: 'a' });
    expect(await signedWith('a')).toBe(true);
    Object.assign(versions, { AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
    wait(30 * SECOND);
    expect([await signedWith('b'), await signedWith('a')]).toEqual([true, true]);
    expect(reads).toHaveLength(4);
  });

  test('takes away the secret before the previous one', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: 'a' });
    expect(await signedWith('a')).toBe(true);
    Object.assign(versions, { AWSCURRENT: 'c', AWSPREVIOUS: 'b' });
    wait(30 * SECOND);
    expect([await signedWith('c'), await signedWith('b'), await signedWith('a')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('deliveries that nobody signed', () => {
  test('are refused after one read, however many they are', async () => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'a' });
    for (let count = 0; count < 50; count++) expect(await signedWith('x')).toBe(false);
    expect(reads).toHaveLength(2);
  });

  test('cause one more read in half a minute', async () => {
    const { reads, signedWith } = stored({ AWSCURRENT: 'a' });
    for (let second = 0; second < 120; second++) {
      expect(await signedWith('x')).toBe(false);
      wait(SECOND);
    }
    expect(reads).toHaveLength(2 * 4);
  });
});

describe('a secret that can not be read', () => {
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

  test('is read again for the delivery that needs it, half a minute later', async () => {
    const { reads, signedWith, versions } = stored({ AWSCURRENT: 'b', AWSPREVIOUS: throttled() });
    for (let count = 0; count < 10; count++) await expect(signedWith('a')).rejects.toEqual(throttled());
    expect(reads).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
    versions.AWSPREVIOUS = 'a';
    wait(30 * SECOND);
    expect(await signedWith('a')).toBe(true);
    expect(reads).toHaveLength(4);
  });

  test('does not take away what was known', async () => {
    const { signedWith, versions } = stored({ AWSCURRENT: 'a' });
    expect(await signedWith('a')).toBe(true);
    versions.AWSCURRENT = throttled();
    wait(30 * SECOND);
    await expect(signedWith('x')).rejects.toEqual(throttled());
    expect(await signedWith('a')).toBe(true);
  });
});
