/** A digest could not be written. The next run retries, and backfills missed days. */
export class DigestError extends Error {
  override readonly name = 'DigestError';
  readonly code = 'digest';
}
