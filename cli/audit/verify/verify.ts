import { dayOf } from '../../../lib/audit/digest/days.ts';
import { type Head, sha256 } from '../../../lib/audit/digest/format.ts';
import { parseJson } from '../../../lib/platform/parse-json.ts';
import { concurrently } from '../log/concurrently.ts';
import type { Source, SourceVersion } from '../log/source.ts';
import { actualFiles } from './actual.ts';
import { type Chain, type ChainRules, cutOff, type Listed, readChain } from './chain.ts';
import type { Checkpoint, Checkpoints } from './checkpoint.ts';
import { expectedFiles } from './expected.ts';
import { fileFindings } from './file-findings.ts';
import type { Finding } from './finding.ts';
import { groupByKey, type Joined, outerJoin } from './join.ts';
import { Settled, type SettledRecord } from './record-findings.ts';
import { type OfReport, reportFindings } from './report-findings.ts';
import { countFile, type Tally, total } from './tally.ts';

export interface Verified {
  /** At most {@link KEPT} of each level, breaks first. */
  readonly findings: readonly Finding[];
  /** How many there are. */
  readonly counts: Readonly<Record<Finding['level'], number>>;
  readonly tally: Tally;
  readonly digests: number;
  /** Of the last digest. */
  readonly head: Head | undefined;
}

export interface VerifyOptions extends ChainRules {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Which log it is. */
  readonly where: string;
  readonly checkpoints?: Checkpoints | undefined;
  /** Milliseconds between two checkpoints. */
  readonly checkpointEvery?: number;
  /** Called now and then. @param total `undefined` when it is not known */
  onProgress(files: number, total: number | undefined): void;
}

/** Findings of one level that are kept; the rest is counted. */
export const KEPT = 1_000;
/** Files that are read at the same time. */
const WIDTH = 64;
const CHECKPOINT_MS = 5_000;

/**
 * Checks the whole log: digests and their chain, every file against its digest, every record, every report. Both what the
 * digests list and what the bucket holds are read as streams in the order of their keys, so that memory does not grow with
 * the log.
 */
export async function verify(source: Source, options: VerifyOptions): Promise<Verified> {
  const chain = await readChain(source, options);
  const about = aboutOf(chain, options);
  const results = newResults(await options.checkpoints?.load(about));
  await checkFiles(source, chain, results, { ...options, about });
  const { oldest } = results.state();
  const isUnsigned = chain.digests === 0 && oldest !== null && dayOf(oldest) <= options.until;
  if (isUnsigned) results.add([cutOff(dayOf(oldest), options.until)]);
  await options.checkpoints?.clear();
  const { tally } = results.state();
  return {
    ...withChain(chain.findings, results.state()),
    tally,
    digests: chain.digests,
    head: chain.head,
  };
}

async function checkFiles(
  source: Source,
  chain: Chain,
  results: Results,
  {
    about,
    checkpointEvery = CHECKPOINT_MS,
    checkpoints,
    now,
    onProgress,
  }: VerifyOptions & { readonly about: string },
): Promise<void> {
  let { position } = results.state();
  const actual = groupByKey(actualFiles(source, position));
  const files = outerJoin(expectedFiles(source, chain, position), actual);
  let report: OfReport[] = [];
  let savedAt = Date.now();
  for await (const file of concurrently(files, WIDTH, (joined) => checkFile(source, joined, chain))) {
    if (folderOf(file.key) !== folderOf(position)) {
      results.add(reportFindings(report, now));
      report = [];
      results.reach(position);
      if (checkpoints && Date.now() - savedAt >= checkpointEvery) {
        await checkpoints.save({ version: 1, about, ...results.state() });
        savedAt = Date.now();
      }
    }
    position = file.key;
    results.count(file);
    if (file.record) report.push({ key: file.key, record: file.record });
    onProgress(results.files(), chain.listed);
  }
  results.add(reportFindings(report, now));
}

interface CheckedFile {
  readonly key: string;
  readonly findings: readonly Finding[];
  readonly isNewer: boolean;
  readonly record: SettledRecord | undefined;
  /** What it counts as; `undefined` for a file that is not there. */
  readonly kind: string | undefined;
  /** When it was stored or, in a copy, its record's time; epoch milliseconds. */
  readonly time: number | undefined;
}

async function checkFile(
  source: Source,
  joined: Joined<Listed, SourceVersion>,
  chain: Chain,
): Promise<CheckedFile> {
  const { key, right: versions } = joined;
  const [latest] = versions;
  const isThere = latest !== undefined && !latest.isDeleteMarker;
  const bytes = isThere ? await source.read(key) : undefined;
  const record = bytes && key.startsWith('records/') ? parseJson(bytes.toString(), Settled) : undefined;
  const { findings, isNewer } = fileFindings(joined, bytes && { bytes, record }, chain.covers);
  const kind = isThere ? (record?.unmapped.kind ?? key.split('/', 1)[0]) : undefined;
  return { key, findings, isNewer, record, kind, time: latest?.storedAt ?? record?.time };
}

type State = Omit<Checkpoint, 'version' | 'about'>;

/** What was found so far. */
interface Results {
  add(findings: readonly Finding[]): void;
  count(file: CheckedFile): void;
  /** A report ended with this key. */
  reach(position: string): void;
  files(): number;
  state(): State;
}

/** The digests are checked anew by every run, so that what was found of them is in no checkpoint. */
function withChain(
  ofChain: readonly Finding[],
  { counts: ofFiles, findings }: State,
): Pick<Verified, 'counts' | 'findings'> {
  const counts = { ...ofFiles };
  for (const { level } of ofChain) counts[level] += 1;
  const kept = (['break', 'open', 'note'] as const).flatMap((level) =>
    [...ofChain, ...findings].filter((finding) => finding.level === level).slice(0, KEPT),
  );
  return { counts, findings: kept };
}

function newResults(earlier: State | undefined): Results {
  const tally: Tally = { ...earlier?.tally };
  const counts = { ...(earlier?.counts ?? { break: 0, open: 0, note: 0 }) };
  const findings = [...(earlier?.findings ?? [])];
  let position = earlier?.position ?? '';
  let oldest = earlier?.oldest ?? null;
  let files = total(tally).files;
  const add = (found: readonly Finding[]): void => {
    for (const finding of found) {
      counts[finding.level] += 1;
      if (counts[finding.level] <= KEPT) findings.push(finding);
    }
  };
  return {
    add,
    count({ findings: found, isNewer, kind, time }) {
      add(found);
      if (kind === undefined) return;
      countFile(tally, kind, isNewer);
      files += 1;
      if (time !== undefined) oldest = Math.min(oldest ?? time, time);
    },
    reach(key) {
      position = key;
    },
    files: () => files,
    state: () => ({ position, tally, counts, findings, oldest }),
  };
}

/** What a checkpoint is about: another log, other digests or other rules begin anew. */
function aboutOf({ digests, head }: Chain, { heads, missedRuns, until, where }: VerifyOptions): string {
  return sha256(JSON.stringify([where, head, digests, heads, missedRuns, until]));
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/'));
}
