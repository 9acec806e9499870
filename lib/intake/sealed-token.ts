import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import type { SealingKey } from '../aws/data-keys.ts';
import { ReportId } from '../domain/report.ts';
import { Token } from '../domain/token.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A token that only the worker can open, bound to one report by its id, which is the encryption context and what the
 * cipher authenticates. Bytes are in base64.
 */
export const SealedToken = z.object({
  report_id: ReportId,
  /**
   * A data key of KMS, with which `ciphertext` is sealed: a nonce of 12 bytes, the text, a tag of 16 bytes (AES-256-GCM).
   * Without it KMS itself sealed `ciphertext`, as `aws kms encrypt` does.
   */
  data_key: z.optional(z.base64().check(z.minLength(1), z.maxLength(8_192))),
  ciphertext: z.base64().check(z.minLength(1), z.maxLength(16_384)),
});
export type SealedToken = z.infer<typeof SealedToken>;

/** It is not what was sealed for this report. */
export class SealedTokenError extends Error {
  override readonly name = 'SealedTokenError';
}

/** @param deadline epoch milliseconds @throws {DataKeyError} */
export async function sealToken(
  token: Token,
  report_id: string,
  key: Pick<SealingKey, 'generate'>,
  deadline: number,
): Promise<SealedToken> {
  const { plain, sealed } = await key.generate({ report_id }, deadline);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, plain, nonce).setAAD(Buffer.from(report_id));
  const text = Buffer.concat([cipher.update(token.reveal(), 'utf8'), cipher.final()]);
  plain.fill(0);
  const ciphertext = Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64');
  return { report_id, data_key: sealed, ciphertext };
}

/** @param deadline epoch milliseconds @throws {DataKeyError} @throws {SealedTokenError} */
export async function openToken(
  { ciphertext, data_key, report_id }: SealedToken,
  key: Pick<SealingKey, 'decrypt'>,
  deadline: number,
): Promise<Token> {
  const opened = await key.decrypt(data_key ?? ciphertext, { report_id }, deadline);
  if (data_key === undefined) return new Token(opened.toString('utf8'));
  const bytes = Buffer.from(ciphertext, 'base64');
  try {
    const decipher = createDecipheriv(CIPHER, opened, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(report_id))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8');
    return new Token(text + decipher.final('utf8'));
  } catch {
    throw new SealedTokenError('the sealed token is not what was sealed for this report');
  } finally {
    opened.fill(0);
  }
}
