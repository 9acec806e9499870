import * as z from 'zod/mini';
import { describeAftermath } from '../../../lib/aftermath/describe-aftermath.ts';
import { Aftermath } from '../../../lib/domain/aftermath.ts';
import type { ReadRecord } from './shown-record.ts';

const Facts = z.object({ unmapped: z.looseObject(Aftermath.shape) });
const Message = z.object({ message: z.string() });

/** What an aftermath's record says, in words; its message alone where another version wrote it. */
export function aftermathLines({ json }: Pick<ReadRecord, 'json'>): string[] {
  const facts = z.safeParse(Facts, json);
  return facts.success ? describeAftermath(facts.data.unmapped) : messageOf(json);
}

/** The message of a record of the aftermath. */
export function messageOf(json: unknown): string[] {
  const parsed = z.safeParse(Message, json);
  return parsed.success ? [parsed.data.message] : [];
}
