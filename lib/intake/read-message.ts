import { redact } from '../domain/redact.ts';
import { LeakReport, type Report } from '../domain/report.ts';
import { containsToken } from '../domain/token-forms.ts';
import { parseJson } from '../platform/parse-json.ts';
import { caller } from './caller.ts';

/**
 * Reads a message of the queue, which may come from another sender than this software: its free text is redacted.
 *
 * @returns `undefined` when it is not a leak report, or has a token instead of a name
 */
export function readMessage(body: string): Report | undefined {
  const report = parseJson(body, LeakReport);
  if (report === undefined || namesOf(report).some((name) => containsToken(name))) return undefined;
  const { caller: invoker, reason, ...rest } = report;
  const named = caller(invoker);
  return {
    ...rest,
    ...(named !== undefined && { caller: named }),
    ...(reason !== undefined && { reason: redact(reason) }),
  };
}

function namesOf({ leak, report_id }: LeakReport): string[] {
  switch (leak.kind) {
    case 'key':
      return [report_id, leak.service_user_id, leak.api_key_id];
    case 'github_alert':
      return [report_id, leak.owner, leak.repo];
    default:
      return leak satisfies never;
  }
}
