import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SealingKey } from '../../lib/aws/data-keys.ts';
import { Token } from '../../lib/domain/token.ts';
import { openToken, type SealedToken, SealedTokenError, sealToken } from '../../lib/intake/sealed-token.ts';

// A key that does not look at the context, as KMS does: the cipher binds a token to its report by itself.

const REPORT = 'queue/report-1';
const text = ['cog', 'S3cretS3cretS3cretS3cret'].join('_');
let contexts: unknown[];
/** The data keys in clear that were handed out. */
let plains: Buffer[];
let key: SealingKey;

beforeEach(() => {
  contexts = [];
  plains = [];
  key = {
    async generate(context) {
      contexts.push(context);
      const plain = randomBytes(32);
      plains.push(plain);
      return { plain, sealed: plain.toString('base64') };
    },
    async decrypt(ciphertext, context) {
      contexts.push(context);
      const plain = Buffer.from(ciphertext, 'base64');
      plains.push(plain);
      return plain;
    },
  };
});

const seal = () => sealToken(new Token(text), REPORT, key, Date.now());

/** The sealed token with one byte of its ciphertext changed. */
function changed(sealed: SealedToken, at: number): SealedToken {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return { ...sealed, ciphertext: bytes.toString('base64') };
}

describe('a sealed token', () => {
  test('is opened for its report, under its id as the context of the key', async () => {
    const sealed = await seal();

    expect((await openToken(sealed, key, Date.now())).reveal()).toBe(text);
    expect(contexts).toEqual([{ report_id: REPORT }, { report_id: REPORT }]);
    expect(JSON.stringify({ ...sealed, data_key: undefined })).not.toContain('S3cret');
  });

  test('leaves no data key in memory, whether it can be opened or not', async () => {
    const sealed = await seal();
    await openToken(sealed, key, Date.now());
    await expect(openToken(changed(sealed, -1), key, Date.now())).rejects.toThrow(SealedTokenError);

    expect(plains).toEqual([Buffer.alloc(32), Buffer.alloc(32), Buffer.alloc(32)]);
  });

  test('is another one each time', async () => {
    expect((await seal()).ciphertext).not.toBe((await seal()).ciphertext);
  });

  test.each<[string, (sealed: SealedToken) => SealedToken]>([
    ['for another report', (sealed) => ({ ...sealed, report_id: 'queue/report-2' })],
    ['with another data key', (sealed) => ({ ...sealed, data_key: randomBytes(32).toString('base64') })],
    ['with another nonce', (sealed) => changed(sealed, 0)],
    ['with another text', (sealed) => changed(sealed, 12)],
    ['with another tag', (sealed) => changed(sealed, -1)],
    ['that is cut', (sealed) => ({ ...sealed, ciphertext: sealed.ciphertext.slice(0, 20) })],
  ])('is not opened %s', async (_, change) => {
    const failed = openToken(change(await seal()), key, Date.now());

    await expect(failed).rejects.toThrow(SealedTokenError);
    await expect(failed).rejects.not.toThrow('S3cret');
  });

  test('without a data key is what KMS itself opens', async () => {
    const ciphertext = Buffer.from(text).toString('base64');

    expect((await openToken({ report_id: REPORT, ciphertext }, key, Date.now())).reveal()).toBe(text);
  });
});
