import { requestAgain } from '../domain/report.ts';
import type { Ended } from './ended.ts';
import { code, type Notice, name, type Part, words } from './notice.ts';

/** Candidates that are named with their events; the record has all. */
const MAX_CANDIDATES = 5;

/** What a person has to do now, in order, with the event to paste. */
export function nextSteps(ended: Ended): Notice['steps'] {
  const { outcome, report } = ended;
  const steps: Part[][] = [];
  if (outcome.next_step !== undefined) steps.push([words(outcome.next_step)]);
  switch (outcome.status) {
    case 'revoked':
    case 'already_revoked':
      if (outcome.owner !== 'unknown') steps.push(replace(ended));
      if (outcome.exposure?.used_after_leak) {
        steps.push([words('see what was done with it:'), code(`npm run aftermath -- ${report.report_id}`)]);
      }
      if (outcome.alert?.closed === false) steps.push([words('resolve the alert on GitHub by hand')]);
      break;
    case 'escalated':
      steps.push(...candidateSteps(ended));
      break;
    case 'still_alive':
      steps.push([
        words('if no message says within half an hour that it is dead, delete the key in the Devin settings'),
      ]);
      break;
    case 'failed':
      if (outcome.retryable) {
        steps.push([
          words('remove the cause; do not wait for a retry: revoke it with'),
          code(eventOf(ended)),
        ]);
      }
      break;
    case 'rehearsed':
    case 'not_found':
    case 'ignored':
      break;
    default:
      outcome satisfies never;
  }
  return [...steps, ...(outcome.collateral ?? []).map(collateralStep)];
}

function replace({ outcome: { service_user_id } }: Ended): Part[] {
  return service_user_id === undefined
    ? [words('make a new key for what used this one, and store it where it cannot leak again')]
    : [words('make a new key for what used this one, of'), code(service_user_id)];
}

function candidateSteps({ outcome: { candidates = [], service_user_id } }: Ended): Part[][] {
  if (service_user_id === undefined) return [];
  const shown = candidates
    .slice(0, MAX_CANDIDATES)
    .map(({ api_key_id, api_key_name }) => [
      words('if it is'),
      name(api_key_name),
      words('paste'),
      code(JSON.stringify({ service_user_id, api_key_id })),
    ]);
  const more = candidates.length - shown.length;
  return more > 0 ? [...shown, [words(`${more} more candidates are in the record`)]] : shown;
}

function collateralStep({
  api_key_id,
  api_key_name,
  replace_with,
}: NonNullable<Ended['outcome']['collateral']>[number]): Part[] {
  return [
    words('this key was revoked too and was not the leaked one:'),
    code(api_key_id),
    name(api_key_name),
    words('its successor:'),
    code(replace_with),
  ];
}

/** The event that revokes the key by its ids, where they are known; else that reports the same leak once more. */
function eventOf({ outcome: { api_key_id, service_user_id }, report }: Ended): string {
  const request =
    service_user_id !== undefined && api_key_id !== undefined
      ? { service_user_id, api_key_id }
      : requestAgain(report);
  return request === undefined ? '{"token": "<the leaked token>"}' : JSON.stringify(request);
}
