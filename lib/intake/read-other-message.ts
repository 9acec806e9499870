import type { SQSRecord } from 'aws-lambda';
import { sealingKey } from '../aws/data-keys.ts';
import type { AwsEnvironment } from '../aws/environment.ts';
import { redact } from '../domain/redact.ts';
import type { Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { containsToken } from '../domain/token-forms.ts';
import { ConfigError } from '../platform/config.ts';
import { parseJson } from '../platform/parse-json.ts';
import { caller } from './caller.ts';
import { SealedReport } from './sealed-report.ts';
import { openToken, type SealedToken } from './sealed-token.ts';

/** What opens sealed tokens. */
export interface Sealing {
  readonly aws: AwsEnvironment;
  /** `SEALING_KEY_ID` */
  readonly keyId: string | undefined;
}

/** Milliseconds that opening a token may take. */
const OPEN_WITHIN_MS = 10_000;

// Beside the worker's bundle: the reports of alerts and of ids alone need none of it.

/**
 * Reads a message that is not the report of an alert or of ids alone.
 *
 * @returns `undefined` when it is no leak report
 * @throws {DataKeyError | SealedTokenError | ConfigError}
 */
export async function readOtherMessage({ body }: SQSRecord, sealing: Sealing): Promise<Report | undefined> {
  const report = parseJson(body, SealedReport);
  return report === undefined ? undefined : openReport(report, sealing);
}

async function openReport(
  { caller: sender, reason, sealed, ...report }: SealedReport,
  sealing: Sealing,
): Promise<Report | undefined> {
  // Sealed for another report, it cannot be opened either.
  if (sealed.report_id !== report.report_id || containsToken(report.report_id)) return undefined;
  const token = await open(sealed, sealing);
  const named = caller(sender);
  return {
    ...report,
    version: 1,
    token,
    ...(named !== undefined && { caller: named }),
    ...(reason !== undefined && { reason: redact(reason, [token]) }),
  };
}

function open(sealed: SealedToken, { aws, keyId }: Sealing): Promise<Token> {
  if (keyId === undefined) throw new ConfigError('bad configuration: SEALING_KEY_ID is not set');
  return openToken(sealed, sealingKey(aws, keyId), Date.now() + OPEN_WITHIN_MS);
}
