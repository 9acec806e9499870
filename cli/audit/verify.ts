import { DIGESTS, sha256 } from '../../lib/audit/digest/digest.ts';
import { isIntent, OUTCOME } from '../../lib/audit/record-path.ts';
import { parseJson } from '../../lib/platform/parse-json.ts';
import type { Break, VerifyOptions } from './break.ts';
import { readAll, type Source, type SourceFile } from './source.ts';
import { type Chain, verifyChain } from './verify-chain.ts';
import { Settled, type SettledRecord, schemaBreaks } from './verify-record.ts';

export interface Verified {
  readonly breaks: readonly Break[];
  readonly records: number;
  readonly digests: number;
  /** Files that are newer than the last digest, so that the next one will cover them. */
  readonly uncovered: number;
}

interface Content {
  readonly key: string;
  readonly sha256: string;
  readonly text: string;
  readonly record: SettledRecord | undefined;
}

/** A record's time may differ this much from when it was stored: by clocks, or by an outage of the store. */
const SLACK_MS = 3_600_000;
/** An intent that is younger may still get its outcome. */
const OUTCOME_WITHIN_MS = 15 * 60_000;

/** Checks the whole log: digests and their chain, every file against its digest, every record, every report. */
export async function verify(source: Source, options: VerifyOptions): Promise<Verified> {
  const files = await source.list();
  const digests = files.filter(({ key }) => key.startsWith(DIGESTS));
  const others = files.filter(({ key }) => !key.startsWith(DIGESTS));
  const digestTexts = await readAll(source, keysOf(digests), (key, bytes) => ({ key, bytes }));
  const contents = await readAll(source, keysOf(others), readContent);
  const records = contents.filter(({ key }) => key.startsWith('records/'));
  const chain = verifyChain(digestTexts, { ...options, hasRecords: others.length > 0 });
  const coverage = covered(contents, others, chain);
  return {
    breaks: [
      ...chain.breaks,
      ...coverage.breaks,
      ...records.flatMap(({ key, text }) => schemaBreaks(key, text)),
      ...reportBreaks(records, options.now),
    ],
    records: records.length,
    digests: digests.length,
    uncovered: coverage.uncovered,
  };
}

const keysOf = (files: readonly SourceFile[]): string[] => files.map(({ key }) => key);

function readContent(key: string, bytes: Buffer): Content {
  const text = bytes.toString();
  return { key, text, sha256: sha256(bytes).toString('hex'), record: parseJson(text, Settled) };
}

/** Every file matches its digest, every listed file exists, and no old file is missing from the digests. */
function covered(contents: readonly Content[], files: readonly SourceFile[], chain: Chain) {
  const breaks: Break[] = [];
  const byKey = new Map(contents.map((content) => [content.key, content]));
  const listed = new Set<string>();
  for (const { day, key, sha256: expected, stored_at } of chain.objects) {
    listed.add(key);
    const content = byKey.get(key);
    if (content === undefined) breaks.push({ key, what: `is missing: the digest of ${day} lists it` });
    else if (content.sha256 !== expected)
      breaks.push({ key, what: `is changed: its hash is not the one in the digest of ${day}` });
    else breaks.push(...timeBreaks(content, Date.parse(stored_at)));
  }
  const rest = files.filter(({ key }) => !listed.has(key));
  for (const { key, storedAt } of rest) {
    const time = storedAt ?? byKey.get(key)?.record?.time;
    const isOld =
      chain.end !== undefined && time !== undefined && time < chain.end - (storedAt ? 0 : SLACK_MS);
    if (isOld)
      breaks.push({ key, what: 'is added: no digest lists it, yet it claims to be older than the last one' });
    const content = byKey.get(key);
    if (content && storedAt !== undefined) breaks.push(...timeBreaks(content, storedAt));
  }
  return { breaks, uncovered: rest.length };
}

/** A record is stored when it is built. One with another time was forged later. */
function timeBreaks({ key, record }: Content, storedAt: number): Break[] {
  if (record === undefined || Math.abs(record.time - storedAt) <= SLACK_MS) return [];
  const times = `${new Date(record.time).toISOString()}, but was stored at ${new Date(storedAt).toISOString()}`;
  return [{ key, what: `claims the time ${times}` }];
}

/** What must hold for the records of one report together. */
function reportBreaks(records: readonly Content[], now: number): Break[] {
  const folders = Map.groupBy(records, ({ key }) => key.slice(0, key.lastIndexOf('/')));
  return [...folders.values()].flatMap((inside) => {
    const intents = inside.filter(({ key }) => isIntent(key));
    const outcome = inside.find(({ key }) => key.endsWith(`/${OUTCOME}.json`));
    const [intent] = intents;
    const breaks: Break[] = [];
    if (intent !== undefined && outcome === undefined) {
      const age = now - (intent.record?.time ?? 0);
      if (age > OUTCOME_WITHIN_MS) breaks.push({ key: intent.key, what: 'is an intent without an outcome' });
    }
    const facts = outcome?.record?.unmapped;
    if (outcome === undefined || facts?.status !== 'revoked') return breaks;
    if (facts.proof === undefined) breaks.push({ key: outcome.key, what: 'says revoked without a proof' });
    if (intent === undefined && facts.intent_stored !== false)
      breaks.push({ key: outcome.key, what: 'says revoked without an intent' });
    return breaks;
  });
}
