import * as z from 'zod/mini';
import { listOf } from '../platform/list-of.ts';

/** One page of a listing by cursor, as the Devin API v3 has them. */
export const pageOf = <T extends z.core.$ZodType>(item: T) =>
  z.object({
    items: listOf(item),
    end_cursor: z.nullish(z.string()),
    has_next_page: z._default(z.boolean(), false),
    total: z.nullish(z.number()),
  });
