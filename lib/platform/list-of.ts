import * as z from 'zod/mini';

/**
 * An array that fails with its first wrong item. `z.array` collects every issue of every item: a page of 300 kB that is
 * not the documented one overflows the stack, and one of 8 MiB takes the memory of the whole worker.
 */
export function listOf<T extends z.core.$ZodType>(item: T) {
  return z.pipe(
    z.array(z.unknown()),
    z.transform((values: unknown[], payload): z.output<T>[] => {
      const items: z.output<T>[] = [];
      for (const value of values) {
        const { data, success } = z.safeParse(item, value);
        if (!success) {
          payload.issues.push({ code: 'custom', input: values });
          break;
        }
        items.push(data);
      }
      return items;
    }),
  );
}
