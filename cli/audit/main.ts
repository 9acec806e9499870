import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Day, lastCompleteDay } from '../../lib/audit/digest/digest.ts';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { kmsKey } from '../../lib/aws/kms.ts';
import { errorCode } from '../../lib/platform/error-code.ts';
import { page } from './html-report.ts';
import { readIncidents } from './incidents.ts';
import { matches, timeline } from './show.ts';
import { openSource, type Source, UsageError } from './source.ts';
import { verify } from './verify.ts';

export const USAGE = `npm run audit-log -- <command>

  verify <folder|s3://bucket> --key <PEM file> [--until <day>]
      checks signatures, hashes, schemas and reports; lists each break and exits with 1
  show <report, key or day> [--in <folder|s3://bucket>] [--json]
      prints the timeline of an incident
  report --from <day> --to <day> [--in <folder|s3://bucket>] [-o <file>]
      writes a self-contained HTML page
  key <KMS key id or ARN>
      prints the public key that verify needs

Days are in UTC, such as 2026-07-30. Without --in, the bucket of AUDIT_BUCKET is read, or else .sandbox/audit.
`;

type Env = Readonly<Record<string, string | undefined>>;

/** The output of a command and its exit code. */
export interface Result {
  readonly text: string;
  readonly exitCode: 0 | 1 | 2;
}

export async function run(args: readonly string[], env: Env, now = Date.now()): Promise<Result> {
  try {
    return await dispatch(args, env, now);
  } catch (error) {
    const isMistake = error instanceof UsageError || isArgsError(error);
    const message = error instanceof Error ? error.message : 'failed';
    return { text: isMistake ? `${message}\n\n${USAGE}` : `${message}\n`, exitCode: 2 };
  }
}

async function dispatch(args: readonly string[], env: Env, now: number): Promise<Result> {
  const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  const [command, what] = positionals;
  switch (command) {
    case 'verify':
      return verifyCommand(demand(what, 'a folder or s3://bucket'), values, env, now);
    case 'show':
      return showCommand(demand(what, 'a report, a key or a day'), values, env);
    case 'report':
      return reportCommand(values, env);
    case 'key':
      return keyCommand(demand(what, 'a KMS key'), env);
    default:
      return { text: USAGE, exitCode: command === undefined ? 0 : 2 };
  }
}

const OPTIONS = {
  key: { type: 'string' },
  until: { type: 'string' },
  in: { type: 'string' },
  json: { type: 'boolean' },
  from: { type: 'string' },
  to: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;
type Values = { [K in keyof typeof OPTIONS]?: string | boolean };

async function verifyCommand(where: string, values: Values, env: Env, now: number): Promise<Result> {
  const until = values.until === undefined ? lastCompleteDay(now - GRACE_MS) : day(values.until, '--until');
  const keys = publicKeys(await readFile(demand(values.key, '--key'), 'utf8'));
  const { breaks, digests, records, uncovered } = await verify(await openSource(where, env), {
    keys,
    now,
    until,
  });
  const lines = breaks.map(({ key, what }) => `BREAK  ${key}  ${what}`);
  const counted = `${digests} digests, ${records} records, ${uncovered} files newer than the last digest`;
  const verdict = breaks.length === 0 ? 'no break' : `${breaks.length} breaks`;
  return {
    text: `${[...lines, `${verdict}: ${counted}`].join('\n')}\n`,
    exitCode: breaks.length === 0 ? 0 : 1,
  };
}

/** The digest of a day is written soon after midnight; until then its absence is normal. */
const GRACE_MS = 2 * 3_600_000;

async function showCommand(what: string, values: Values, env: Env): Promise<Result> {
  const all = await readIncidents(await source(values, env), (date) => !isDay(what) || date === what);
  const found = all.filter((incident) => matches(incident, what));
  if (found.length === 0) return { text: `no record matches ${what}\n`, exitCode: 1 };
  const text = values.json
    ? JSON.stringify(
        found.map(({ records, report_id }) => ({ report_id, records: records.map(({ json }) => json) })),
        null,
        2,
      )
    : found.map((incident) => timeline(incident).join('\n')).join('\n\n');
  return { text: `${text}\n`, exitCode: 0 };
}

async function reportCommand(values: Values, env: Env): Promise<Result> {
  const from = day(values.from, '--from');
  const to = day(values.to, '--to');
  const incidents = await readIncidents(await source(values, env), (date) => date >= from && date <= to);
  const html = page(incidents, { from, to });
  if (values.output === undefined) return { text: html, exitCode: 0 };
  await writeFile(demand(values.output, '-o'), html);
  return { text: `${incidents.length} reports: ${values.output}\n`, exitCode: 0 };
}

async function keyCommand(keyId: string, env: Env): Promise<Result> {
  const der = await kmsKey(awsEnvironment(env), keyId).publicKey({ deadline: Date.now() + 30_000 });
  const pem = createPublicKey({ key: der, format: 'der', type: 'spki' }).export({
    type: 'spki',
    format: 'pem',
  });
  return { text: pem.toString(), exitCode: 0 };
}

function source(values: Values, env: Env): Promise<Source> {
  if (typeof values.in === 'string') return openSource(values.in, env);
  if (env.AUDIT_BUCKET) return openSource(`s3://${env.AUDIT_BUCKET}`, env);
  if (existsSync('.sandbox/audit')) return openSource('.sandbox/audit', env);
  throw new UsageError('--in is missing');
}

function publicKeys(pem: string): KeyObject[] {
  const found = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  if (found.length === 0) throw new UsageError('the file of --key holds no public key in PEM');
  return found.map((key) => createPublicKey(key));
}

function demand(value: string | boolean | undefined, name: string): string {
  if (typeof value !== 'string' || value === '') throw new UsageError(`${name} is missing`);
  return value;
}

function day(value: string | boolean | undefined, name: string): string {
  const text = demand(value, name);
  if (!isDay(text)) throw new UsageError(`${name} must be a day such as 2026-07-30`);
  return text;
}

function isDay(text: string): boolean {
  return Day.safeParse(text).success;
}

function isArgsError(error: unknown): boolean {
  return error instanceof Error && errorCode(error)?.startsWith('ERR_PARSE_ARGS') === true;
}
