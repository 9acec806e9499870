import * as z from 'zod/mini';
import { describeAftermath } from '../../lib/aftermath/describe-aftermath.ts';
import { isAftermath } from '../../lib/audit/aftermath-record.ts';
import { Aftermath } from '../../lib/domain/aftermath.ts';
import type { Incident, ShownRecord } from './incidents.ts';

const Facts = z.object({ unmapped: z.looseObject(Aftermath.shape) });

/** What an aftermath's record says, in words; its message alone where another version wrote it. */
export function aftermathLines({ json, message }: ShownRecord): string[] {
  const facts = z.safeParse(Facts, json);
  return facts.success ? describeAftermath(facts.data.unmapped) : [message];
}

/** The records of what followed an incident, without rehearsals. */
export function aftermathsOf({ records }: Incident): ShownRecord[] {
  return records.filter(({ key }) => isAftermath(key));
}
