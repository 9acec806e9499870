import { parseArgs } from 'node:util';
import { buildAftermath, NOTHING_DONE } from '../../lib/aftermath/build-aftermath.ts';
import { AftermathCommandConfig } from '../../lib/aftermath/command-config.ts';
import { lookAt } from '../../lib/aftermath/look-at.ts';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { type ReadSecret, secretsManager } from '../../lib/aws/secrets.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { devinClient } from '../../lib/clients/devin.ts';
import { devinActivity } from '../../lib/clients/devin-activity.ts';
import { cachedAdminToken } from '../../lib/clients/devin-admin-token.ts';
import { ConfigError, parseConfig } from '../../lib/platform/config.ts';
import { UsageError } from '../audit/source.ts';
import { chooseSessions, endByHand } from './end-by-hand.ts';
import { findFollowed } from './followed.ts';
import { printAftermath } from './print.ts';

export const USAGE = `npm run aftermath -- <report or service user> [options]

Shows what a service user did since its key leaked, and what still runs: sessions, schedules, keys, secrets.

  --since <time>         such as 2026-07-30 or 2026-07-30T08:26:40Z; without it the time of the report
  --in <folder|s3://…>   the audit log in which the report is; default AUDIT_BUCKET
  --json                 as JSON, as in the record of an aftermath
  --terminate <session>  ends this session, after a question; may be given more than once. Needs AUDIT_BUCKET, since
                         nothing is ended without an intent on record
  --yes                  answers the question

Exit code: 0 when all could be read and ended, 1 when not, 2 for wrong arguments or settings.

Settings: DEVIN_API_URL, AFTERMATH_MARGIN_HOURS, AUDIT_BUCKET. The token: ACTIVITY_TOKEN_SECRET_ID or ADMIN_TOKEN_SECRET_ID,
read from AWS Secrets Manager with the credentials in the environment, or the token itself in DEVIN_TOKEN.
`;

type Env = Readonly<Record<string, string | undefined>>;

/** What a command writes to, and how it asks; a question that cannot be asked is answered with no. */
export interface CommandIo {
  readonly out: (text: string) => void;
  readonly ask: (question: string) => Promise<boolean>;
}

/** @returns the exit code @throws {UsageError | ConfigError | SecretError | TypeError} TypeError for an unknown option */
export async function aftermathCommand(args: readonly string[], env: Env, io: CommandIo): Promise<0 | 1 | 2> {
  const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  const [what, ...others] = positionals;
  if (values.help) {
    io.out(USAGE);
    return 0;
  }
  if (what === undefined) throw new UsageError('a report or a service user is missing');
  if (others.length > 0) throw new UsageError('only one report or service user at a time');
  const config = parseConfig(AftermathCommandConfig, env);
  const where = values.in ?? (config.AUDIT_BUCKET && `s3://${config.AUDIT_BUCKET}`);
  const since = sinceOf(values.since);
  const followed = await findFollowed(what, {
    env,
    ...(since !== undefined && { since }),
    ...(where !== undefined && { where }),
  });
  const { activity, admin } = connect(config, env);
  const sight = await lookAt(followed, {
    activity,
    devin: devinClient(config.DEVIN_API_URL, admin),
    marginHours: config.AFTERMATH_MARGIN_HOURS,
    retry: { deadline: Date.now() + 300_000, attempts: 6 },
  });
  const seen = buildAftermath(followed, 'report', sight, NOTHING_DONE);
  const show = values.json ? (facts: typeof seen) => JSON.stringify(facts, null, 2) : printAftermath;
  if (values.terminate === undefined) {
    io.out(`${show(seen)}\n`);
    return seen.complete ? 0 : 1;
  }

  const bucket = config.AUDIT_BUCKET;
  if (bucket === undefined) {
    throw new ConfigError(
      'bad configuration: AUDIT_BUCKET is not set, and nothing is ended without an intent',
    );
  }
  const chosen = chooseSessions(values.terminate, sight);
  if (!values.yes && !(await io.ask(questionOf(chosen.map(({ session_id }) => session_id))))) {
    io.out('nothing was ended\n');
    return 1;
  }
  const aws = awsEnvironment(env);
  const parts = { activity, store: s3AuditStore(aws, bucket), region: aws.region };
  const facts = await endByHand(chosen, followed, sight, parts);
  io.out(`${show(facts)}\n`);
  return facts.complete ? 0 : 1;
}

const OPTIONS = {
  since: { type: 'string' },
  in: { type: 'string' },
  json: { type: 'boolean', default: false },
  terminate: { type: 'string', multiple: true },
  yes: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function sinceOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError('--since must be a day or a time such as 2026-07-30T08:26:40Z');
  if (time > Date.now()) throw new UsageError('--since must not be in the future');
  return time;
}

function questionOf(ids: readonly string[]): string {
  return `End ${ids.join(', ')}? A session that is ended cannot be resumed. [y/N] `;
}

function connect(config: AftermathCommandConfig, env: Env) {
  const token = env.DEVIN_TOKEN;
  const adminId = config.ADMIN_TOKEN_SECRET_ID ?? config.ACTIVITY_TOKEN_SECRET_ID;
  if (token === undefined && adminId === undefined) {
    throw new ConfigError(
      'bad configuration: none of ADMIN_TOKEN_SECRET_ID, ACTIVITY_TOKEN_SECRET_ID and DEVIN_TOKEN is set',
    );
  }
  const read: ReadSecret = token === undefined ? secretsManager(awsEnvironment(env)) : async () => token;
  const admin = cachedAdminToken(read, adminId ?? 'DEVIN_TOKEN');
  const activityId = config.ACTIVITY_TOKEN_SECRET_ID;
  const credential = activityId === undefined ? admin : cachedAdminToken(read, activityId);
  return { admin, activity: devinActivity(config.DEVIN_API_URL, credential) };
}
