import * as z from 'zod/mini';
import { parseJson } from '../../lib/platform/parse-json.ts';
import { readAll, type Source } from './source.ts';

const text = z.optional(z.string());

/** The fields of a record that are shown; loose, since other versions add fields. */
const Record = z.object({
  time: z.number(),
  status_code: z.string(),
  status_detail: z.string(),
  severity: z.string(),
  message: z.string(),
  actor: z.object({ invoked_by: text, user: z.optional(z.object({ name: z.string() })) }),
  unmapped: z.object({
    kind: z.string(),
    status: text,
    service_user_id: text,
    api_key_id: text,
    api_key_name: text,
    evidence: text,
    next_step: text,
    reason: text,
    alert: z.optional(z.object({ closed: z.boolean(), reason: text })),
    proof: z.optional(z.object({ method: z.string(), probes: z.number(), at: z.number() })),
    delete_sent_at: z.optional(z.number()),
    attempt: z.optional(z.number()),
    intent_stored: z.optional(z.boolean()),
    report: z.optional(
      z.object({
        report_id: z.string(),
        detector: z.string(),
        reported_at: z.number(),
        leaked_at: z.optional(z.number()),
        seen_at: z.number(),
        reason: text,
        leak: z.looseObject({ kind: z.string() }),
      }),
    ),
  }),
});
export type ShownRecord = z.infer<typeof Record> & { readonly key: string; readonly json: unknown };

/** All records of one report. */
export interface Incident {
  readonly report_id: string;
  /** The day of its folder. */
  readonly day: string;
  readonly records: readonly ShownRecord[];
  readonly outcome?: ShownRecord;
  /** Epoch milliseconds: when the leak began, as far as the detector says, else when it was reported. */
  readonly since: number;
}

const PLACE = /^records\/date=(\d{4}-\d{2}-\d{2})\/(.+)\/[^/]+\.json$/;

/** Reads the incidents of the wanted days, oldest first. Files that are not records are left to `verify`. */
export async function readIncidents(source: Source, isWanted: (day: string) => boolean): Promise<Incident[]> {
  const files = await source.list();
  const keys = files.map(({ key }) => key).filter((key) => isWanted(PLACE.exec(key)?.[1] ?? ''));
  const records = await readAll(source, keys, (key, bytes): ShownRecord[] => {
    const json = parseJson(bytes.toString(), z.unknown());
    const record = z.safeParse(Record, json).data;
    return record === undefined ? [] : [{ ...record, key, json }];
  });
  const folders = Map.groupBy(records.flat(), ({ key }) => key.slice(0, key.lastIndexOf('/')));
  return [...folders.values()].map(incident).sort((a, b) => a.since - b.since);
}

function incident(records: readonly ShownRecord[]): Incident {
  const inOrder = records.toSorted((a, b) => a.time - b.time || (a.key < b.key ? -1 : 1));
  const [, day = '', report_id = ''] = PLACE.exec(records[0]?.key ?? '') ?? [];
  const report = inOrder[0]?.unmapped.report;
  const named = (name: string) => records.find(({ key }) => key.endsWith(`/${name}.json`));
  const outcome = named('90-outcome') ?? named('80-rehearsal');
  return {
    report_id,
    day,
    records: inOrder,
    ...(outcome && { outcome }),
    since: report?.leaked_at ?? report?.reported_at ?? inOrder[0]?.time ?? 0,
  };
}

/** The last state of an incident. */
export function statusOf({ outcome, records }: Incident): string {
  return outcome?.status_code ?? records.at(-1)?.status_code ?? 'unknown';
}

/** The ids of the key, from the latest record that has them. */
export function keyOf({ records }: Incident): { service_user_id?: string; api_key_id?: string } {
  const known = records.toReversed().map(({ unmapped }) => unmapped);
  const api_key_id = known.find((facts) => facts.api_key_id !== undefined)?.api_key_id;
  const service_user_id = known.find((facts) => facts.service_user_id !== undefined)?.service_user_id;
  return {
    ...(service_user_id !== undefined && { service_user_id }),
    ...(api_key_id !== undefined && { api_key_id }),
  };
}

/** Milliseconds from the leak to the proof that the key is dead. */
export function timeToRevoke({ outcome, since }: Incident): number | undefined {
  const { proof, status } = outcome?.unmapped ?? {};
  return status === 'revoked' && proof ? Math.max(0, proof.at - since) : undefined;
}
