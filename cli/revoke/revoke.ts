import * as z from 'zod/mini';
import type { Invoked } from '../../lib/aws/lambda-sdk.ts';
import { s3ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';
import { redact } from '../../lib/domain/redact.ts';
import { Token } from '../../lib/domain/token.ts';
import { parseJson } from '../../lib/platform/parse-json.ts';
import { UsageError } from '../command/usage-error.ts';
import { ask, canAsk } from '../terminal/ask.ts';
import { printableJson } from '../terminal/printable.ts';
import { readHidden } from '../terminal/read-hidden.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';
import { Answer, EXIT, verdictOf } from './answer.ts';
import { findFingerprint, type Noted } from './find-fingerprint.ts';
import { requestOf } from './request.ts';
import { screen } from './screen.ts';
import { waitFor } from './steps.ts';
import { readTarget, type TargetFlags } from './target.ts';
import { deployedWorker, sandboxWorker, type Worker } from './worker.ts';

export interface RevokeFlags extends TargetFlags {
  readonly function?: string;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** Runs `revoke`. @returns the exit code @throws {UsageError | InterruptedError} */
export async function revoke(flags: RevokeFlags, terminal: Terminal): Promise<number> {
  const target = readTarget(flags);
  if (!flags.sandbox && flags.function === undefined) {
    throw new UsageError('--function or --sandbox is missing');
  }
  if (!flags.dryRun && !flags.yes && !canAsk(terminal)) {
    throw new UsageError('--yes is missing: there is no terminal on which to ask');
  }
  const worker = await (flags.function === undefined
    ? sandboxWorker(terminal)
    : deployedWorker(flags.function, terminal));
  try {
    let token: Token | undefined;
    const named = await requestOf(target, {
      madeUp: worker.madeUp,
      find: (fingerprint) => lookUp(fingerprint, worker, terminal),
      readToken: async () => {
        token = await readToken(terminal);
        return token;
      },
    });
    if (named.kind === 'undecided') {
      printLines(terminal.err, named.lines);
      return EXIT.decide;
    }
    printLines(terminal.err, named.shown);
    if (!(await isAgreed(named.what, flags, worker, terminal))) return EXIT.decide;
    const { dryRun, reason } = flags;
    const event = { ...named.request, ...(reason && { reason }), ...(dryRun && { dry_run: true }) };
    return show(await invoke(worker, event, terminal), token, flags, terminal);
  } finally {
    await worker.stop();
  }
}

/** Ctrl-C ends the wait, not the function, so the person is told that it may go on. */
async function invoke(worker: Worker, event: object, terminal: Terminal): Promise<Invoked> {
  const interrupted = new AbortController();
  const stop = () => interrupted.abort();
  process.once('SIGINT', stop);
  try {
    return await waitFor(worker.invoke(event, interrupted.signal), terminal);
  } finally {
    process.off('SIGINT', stop);
  }
}

async function readToken({ err, input }: Terminal): Promise<Token> {
  const text = (await readHidden(input, (prompt) => err.write(prompt))).trim();
  if (text === '') throw new UsageError('standard input holds no token');
  return new Token(text);
}

async function lookUp(fingerprint: string, { aws, bucket }: Worker, { now }: Terminal): Promise<Noted> {
  if (!bucket) throw new UsageError('AUDIT_BUCKET is not set: it has the registry');
  const retry = { deadline: now() + 15_000, attempts: 3 };
  return findFingerprint(s3ReplaceableObjects(aws, bucket), fingerprint, retry);
}

async function isAgreed(
  what: string,
  { dryRun, yes }: RevokeFlags,
  { where }: Worker,
  terminal: Terminal,
): Promise<boolean> {
  if (dryRun) {
    printLines(terminal.err, [`Looks at ${what}, with ${where}. Nothing is changed.`]);
    return true;
  }
  printLines(terminal.err, [
    `Revokes ${what}, with ${where}.`,
    'What uses the key stops working at once, and a revoked key cannot be brought back. --dry-run only says what would happen.',
  ]);
  if (yes || (await ask(terminal, 'Revoke it?'))) return true;
  printLines(terminal.err, ['nothing was done']);
  return false;
}

const Thrown = z.object({ errorType: z.optional(z.string()), errorMessage: z.optional(z.string()) });

/** Prints what the function answered. @returns the exit code */
function show(
  invoked: Invoked,
  token: Token | undefined,
  { json }: RevokeFlags,
  { err, out }: Terminal,
): number {
  const answer = invoked.kind === 'answered' ? parseJson(invoked.payload, Answer) : undefined;
  if (answer !== undefined) {
    if (json) out.write(`${redact(printableJson(answer), token ? [token] : [])}\n`);
    else printLines(out, screen(answer));
    return EXIT[verdictOf(answer)];
  }
  const text = redact(failure(invoked), token ? [token] : []);
  if (json) out.write(`${printableJson({ status: 'failed', reason: text })}\n`);
  printLines(err, [{ text: `FAILED: ${text}`, style: 'red' }]);
  return isNotStarted(invoked) ? USAGE : EXIT.failed;
}

const USAGE = 2;

/** A wrong name of the function, or a request that it does not accept. */
function isNotStarted(invoked: Invoked): boolean {
  switch (invoked.kind) {
    case 'refused':
      return invoked.code === 'ResourceNotFoundException';
    case 'threw':
      return parseJson(invoked.payload, Thrown)?.errorType === 'BadEventError';
    case 'answered':
    case 'unanswered':
      return false;
    default:
      return invoked satisfies never;
  }
}

const MAY_ACT =
  'It may have revoked the key all the same: look with npm run audit-log -- show, then run the command again';

function failure(invoked: Invoked): string {
  switch (invoked.kind) {
    case 'answered':
      return `the function answered what is no outcome. ${MAY_ACT}`;
    case 'threw': {
      const { errorMessage = '', errorType = 'error' } = parseJson(invoked.payload, Thrown) ?? {};
      const isBad = errorType === 'BadEventError' || errorType === 'ConfigError';
      return isBad ? `${errorMessage}. Nothing was done` : `the function ended with ${errorType}. ${MAY_ACT}`;
    }
    case 'refused':
      return `AWS refused the call (${invoked.code}). Nothing was done`;
    case 'unanswered':
      return `the function did not answer (${invoked.code}). ${MAY_ACT}`;
    default:
      return invoked satisfies never;
  }
}
