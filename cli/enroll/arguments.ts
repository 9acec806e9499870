import { parseArgs } from 'node:util';

/** What `npm run enroll` is asked to do. */
export type Command =
  | { readonly command: 'help' }
  | { readonly command: 'list'; readonly json: boolean }
  | {
      readonly command: 'enroll';
      readonly json: boolean;
      /** A token, or several, on standard input. */
      readonly fromInput: boolean;
      readonly secretIds: readonly string[];
      readonly minutes: number;
      /** For the audit log. */
      readonly reason?: string;
    }
  /** The reason quotes no argument: it may be a token. */
  | { readonly command: 'wrong'; readonly reason: string };

export const USAGE = `npm run enroll -- --token -
npm run enroll -- --secret-id <name or ARN> [--secret-id …]
npm run enroll -- --list [--json]

Enrols Devin tokens: stores which key each of them is of, so that a leak of it is revoked without a search.
No token is stored, printed or logged.

  --token -             reads tokens from standard input; on a terminal it asks for one and does not show it
  --secret-id <id>      reads the tokens in a secret of AWS Secrets Manager, with your own credentials; repeatable
  --minutes <number>    how long the keys of a service user may take to be told apart, default 30, at most 60
  --reason <text>       why, for the audit log, which also has the name of the user of this computer
  --list                prints what is enrolled: service user, key, confidence, source, age
  --json                prints JSON
  --help

Settings: AUDIT_BUCKET, and except for --list ADMIN_TOKEN_SECRET_ID, STANDBY_TOKEN_SECRET_ID, DEVIN_API_URL, DRY_RUN,
AUDIT_HTTP_URL, AUDIT_HTTP_SECRET_ID.
AWS credentials and region are found as the AWS SDK finds them: the environment, a profile, single sign-on.

Exit code: 0 when every token is enrolled, 1 when one is not, 2 for wrong arguments or settings.
`;

const OPTIONS = {
  token: { type: 'string', multiple: true },
  'secret-id': { type: 'string', multiple: true },
  minutes: { type: 'string' },
  reason: { type: 'string' },
  list: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const DEFAULT_MINUTES = 30;
const MOST_MINUTES = 60;
const MOST_REASON = 500;

export function readArguments(args: readonly string[]): Command {
  const values = parsed(args);
  if (values === undefined) return wrong('unknown or incomplete arguments');
  const {
    help,
    json,
    list,
    minutes: given,
    reason,
    'secret-id': secretIds = [],
    token: tokens = [],
  } = values;
  if (help) return { command: 'help' };
  if (tokens.some((token) => token !== '-')) {
    return wrong(
      '--token takes only "-": a token among the arguments is visible to others, use standard input',
    );
  }
  const fromInput = tokens.length > 0;
  if (list) {
    return fromInput || secretIds.length > 0 || given !== undefined || reason !== undefined
      ? wrong('--list goes with --json alone')
      : { command: 'list', json };
  }
  if (!fromInput && secretIds.length === 0) return wrong('--token -, --secret-id or --list is missing');
  if (secretIds.some((id) => !SECRET_ID.test(id)))
    return wrong('--secret-id must be the name or ARN of a secret');
  const minutes = given === undefined ? DEFAULT_MINUTES : Number(given);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MOST_MINUTES) {
    return wrong(`--minutes must be a whole number from 1 to ${MOST_MINUTES}`);
  }
  if (reason !== undefined && (reason === '' || reason.length > MOST_REASON)) {
    return wrong(`--reason must have 1 to ${MOST_REASON} characters`);
  }
  return { command: 'enroll', json, fromInput, secretIds, minutes, ...(reason !== undefined && { reason }) };
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html; no Devin token. */
const SECRET_ID = /^(?!.*cog_)[\w/+=.@:!-]{1,2048}$/;

/** Node's own message quotes the argument, so it is dropped. */
function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch {
    return undefined;
  }
}

function wrong(reason: string): Command {
  return { command: 'wrong', reason };
}
