import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { callerEnvironment } from '../../../lib/aws/caller-environment.ts';
import { UsageError } from '../../command/usage-error.ts';
import type { Env } from '../../terminal/terminal.ts';
import { bucketSource } from './bucket-source.ts';
import { folderSource } from './folder-source.ts';
import type { Source } from './source.ts';

/** Where `npm start` leaves the log of its sandbox. */
const SANDBOX = '.sandbox/audit';

/**
 * @param where a folder, or `s3://bucket`; without it, the bucket of
 *   `AUDIT_BUCKET`, or the sandbox's log
 * @throws {UsageError} @throws {CallerError}
 */
export async function openSource(where: string | undefined, env: Env): Promise<Source> {
  const place = where ?? defaultPlace(env);
  const bucket = /^s3:\/\/([a-z0-9.-]+)\/?$/.exec(place)?.[1];
  if (bucket !== undefined) return bucketSource(await callerEnvironment(env), bucket);
  if (place.startsWith('s3:')) throw new UsageError(`${place} is not of the form s3://bucket`);
  const found = await stat(place).catch(() => undefined);
  if (!found?.isDirectory()) throw new UsageError(`${place} is not a folder`);
  return folderSource(place);
}

function defaultPlace({ AUDIT_BUCKET }: Env): string {
  if (AUDIT_BUCKET) return `s3://${AUDIT_BUCKET}`;
  if (existsSync(SANDBOX)) return SANDBOX;
  throw new UsageError('where is the log? Give --in <folder|s3://bucket>, or set AUDIT_BUCKET');
}
