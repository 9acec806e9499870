/** A mistake of the person who calls: an argument, or a variable that is not set. Its message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
