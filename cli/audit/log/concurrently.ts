/**
 * Runs `work` over a stream, at most `width` at a time, and yields the results in the order of the items. What is read
 * ahead is bounded by `width`, whatever the length of the stream.
 */
export async function* concurrently<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for await (const item of items) {
    const result = work(item);
    // It is awaited in its turn; until then a failure is not unhandled.
    result.catch(() => undefined);
    running.push(result);
    const first = running.length >= width ? running.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const result of running) yield await result;
}
