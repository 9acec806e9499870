import type { ReadSecret } from '../aws/secrets.ts';
import { SecretError } from '../aws/secrets.ts';
import type { SecretName } from '../aws/tagged-secrets.ts';
import { redact } from '../domain/redact.ts';
import { log } from '../platform/log.ts';
import { pooled } from '../platform/map-concurrent.ts';
import { count } from '../platform/metrics.ts';
import type { OwnTokens } from './connect.ts';
import { type Enrolled, enrollAll } from './enroll-all.ts';
import type { EnrollParts, Enrolment, Subject } from './enroll-token.ts';
import { tokensInSecret } from './tokens-in-secret.ts';

/** The tag of the secrets whose tokens are enrolled, whatever its value. */
export const ENROLL_TAG = 'devin-key-revoker:enroll';

export interface EnrollResult {
  readonly status: 'enrolled';
  readonly tokens: Readonly<Record<Enrolment['status'], number>>;
  /** Secrets that carry the tag, and those of them in which no token could be read. */
  readonly secrets: number;
  readonly unreadable: number;
}

/** Enrols our own tokens and those of the tagged secrets. One that fails does not stop the others. */
export async function enrollTagged(
  own: OwnTokens,
  secrets: readonly SecretName[],
  read: ReadSecret,
  parts: EnrollParts,
): Promise<EnrollResult> {
  const inSecrets = await pooled(secrets, 4, (secret) => subjectsOf(secret, read));
  const subjects = [...ownSubjects(own), ...inSecrets.flat()];
  const tokens: Record<Enrolment['status'], number> = {
    known: 0,
    enrolled: 0,
    undecided: 0,
    refused: 0,
    failed: 0,
  };
  await enrollAll(subjects, parts, {
    enrolled(one) {
      tokens[one.enrolment.status] += 1;
      report(one);
    },
  });
  const unreadable = inSecrets.filter((found) => found.length === 0).length;
  const job = { job: 'enroll' };
  log('info', 'tokens enrolled', { ...tokens, secrets: secrets.length, unreadable });
  count('EnrollDone', job);
  count('EnrollFailed', job, tokens.failed + unreadable);
  return { status: 'enrolled', tokens, secrets: secrets.length, unreadable };
}

function ownSubjects({ admin, standby }: OwnTokens): readonly Subject[] {
  const origins = [
    { token: admin, origin: 'the admin token' },
    { token: standby, origin: 'the standby token' },
  ];
  return origins.flatMap(({ origin, token }) => (token ? [{ token, origin, source: 'own' as const }] : []));
}

/** @returns none when the secret cannot be read, or holds no token */
async function subjectsOf({ arn, name }: SecretName, read: ReadSecret): Promise<readonly Subject[]> {
  const origin = redact(name);
  try {
    const tokens = tokensInSecret(await read(arn));
    if (tokens.length === 0) log('error', 'a tagged secret holds no Devin token', { secret: origin });
    return tokens.map((token) => ({ token, origin, source: 'enrolled' as const }));
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    log('error', 'a tagged secret cannot be read', { secret: origin, code: error.code });
    return [];
  }
}

const LEVELS = {
  known: 'info',
  enrolled: 'info',
  undecided: 'info',
  refused: 'warn',
  failed: 'error',
} as const satisfies Record<Enrolment['status'], string>;

function report({ enrolment, subject }: Enrolled): void {
  const { status } = enrolment;
  log(LEVELS[status], `token ${status}`, { secret: subject.origin, ...facts(enrolment) });
}

function facts(enrolment: Enrolment) {
  switch (enrolment.status) {
    case 'known':
    case 'enrolled': {
      const { api_key_id, method, service_user_id } = enrolment.entry;
      return { service_user_id, api_key_id, method };
    }
    case 'undecided':
      return { service_user_id: enrolment.service_user_id, reason: enrolment.reason };
    case 'refused':
    case 'failed':
      return { reason: enrolment.reason };
    default:
      return enrolment satisfies never;
  }
}
