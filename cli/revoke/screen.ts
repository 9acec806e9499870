import { iso } from '../../lib/domain/time.ts';
import type { Line } from '../terminal/terminal.ts';
import { type Answer, type Verdict, verdictOf } from './answer.ts';

const STYLE = { dead: 'green', decide: 'yellow', failed: 'red' } as const satisfies Record<Verdict, string>;

/** The last screen: what was done, how it is known, and what is left to do. */
export function screen(answer: Answer): Line[] {
  return [
    '',
    { text: headline(answer), style: STYLE[verdictOf(answer)] },
    ...section('What was done', done(answer)),
    ...section('How it is known', known(answer)),
    ...section('What is left to do', left(answer)),
    '',
    `Report ${answer.report_id}; its records: npm run audit-log -- show ${answer.report_id}`,
  ];
}

function section(title: string, lines: readonly string[]): Line[] {
  if (lines.length === 0) return [];
  return ['', { text: title, style: 'bold' }, ...lines.map((line) => `  ${line}`)];
}

function headline(answer: Answer): string {
  const key = keyText(answer);
  switch (answer.status) {
    case 'revoked':
      return `DEAD: ${key} is revoked`;
    case 'already_revoked':
      return `DEAD: ${key} was dead before`;
    case 'not_found':
      return `NOT FOUND: Devin does not know ${key}`;
    case 'escalated':
      return 'NOT REVOKED: a person must decide';
    case 'still_alive':
      return `STILL ALIVE: ${key}`;
    case 'failed':
      return `FAILED: ${key} may still be alive`;
    case 'ignored':
      return 'NOTHING DONE';
    case 'rehearsed':
      return `DRY RUN: nothing was changed; it would end as ${answer.would_end ?? 'unknown'}`;
    default:
      return answer.status satisfies never;
  }
}

function keyText({ api_key_id, api_key_name, service_user_id }: Answer): string {
  if (api_key_id === undefined) return 'the key';
  const name = api_key_name ? ` "${api_key_name}"` : '';
  const owner = service_user_id === undefined ? '' : ` of ${service_user_id}`;
  return `API key ${api_key_id}${name}${owner}`;
}

function done({ alert, attribution, deletions = [], reason, status, would_do = [] }: Answer): string[] {
  if (status === 'rehearsed') return would_do.map((step) => `it would ${step}`);
  return [
    ...(attribution === undefined
      ? []
      : [`the key was found by ${words(attribution.method)}, with confidence ${attribution.confidence}`]),
    ...deletions.map(
      ({ answer, api_key_id, sent_at }) => `DELETE of ${api_key_id} at ${iso(sent_at)}: ${words(answer)}`,
    ),
    ...(alert?.closed ? ['the alert was resolved as revoked'] : []),
    ...(deletions.length === 0 && status !== 'already_revoked' ? ['no key was deleted'] : []),
    ...(reason === undefined ? [] : [`because: ${reason}`]),
  ];
}

function known({ evidence, proof, status }: Answer): string[] {
  if (proof === undefined || status === 'rehearsed') return [];
  const row = proof.spread_ms === undefined ? '' : ` over ${proof.spread_ms} ms`;
  const shown =
    proof.method === 'token'
      ? `the token is answered 401 three times in a row${row}, while the admin token works`
      : "Devin's listing shows the key inactive";
  return [
    `${shown} (${iso(proof.at)})`,
    ...(evidence === 'recovered' ? ['the DELETE is of an earlier attempt'] : []),
  ];
}

function left(answer: Answer): string[] {
  const { candidates = [], collateral = [], next_step, report_id, service_user_id } = answer;
  return [
    ...(next_step === undefined ? [] : [next_step]),
    ...candidates.map(
      (one) =>
        `candidate: --service-user ${service_user_id ?? '…'} --key ${one.api_key_id}  "${one.api_key_name}", last used ${one.last_used_at ?? 'never'}`,
    ),
    ...byStatus(answer),
    ...collateral.map((one) => `replace ${one.api_key_id}, which was revoked beside it: ${one.replace_with}`),
    ...(answer.own_key ? ["it is a token of this software: put a new one into the software's secret"] : []),
    ...(answer.alert?.closed === false
      ? [`close the alert by hand: ${answer.alert.reason ?? 'GitHub refused'}`]
      : []),
    ...(answer.exposure?.used_after_leak
      ? [`it was used after the leak: npm run aftermath -- ${report_id}`]
      : []),
    ...(answer.recorded === false ? ['the audit log did not take the record: run the command again'] : []),
  ];
}

function byStatus({ owner, report_id, retryable, status, would_end }: Answer): string[] {
  switch (status) {
    case 'revoked':
      return [
        'give what used the key a new one',
        `see what was done with it: npm run aftermath -- ${report_id}`,
      ];
    case 'already_revoked':
      return owner === 'unknown'
        ? ['find out whose token it was: nobody here knows it, and it may be of another enterprise']
        : [];
    case 'not_found':
      return ['check both ids: a mistyped one is not found either'];
    case 'still_alive':
      return ['run the command again; if the token still works then, turn to the support of Devin'];
    case 'failed':
      return [
        retryable
          ? 'run the command again'
          : 'remove the reason that is named above, then run the command again',
      ];
    case 'ignored':
      return ['check the alert: nothing was proven about the key'];
    case 'rehearsed':
      return would_end === 'revoked' ? ['run the command without --dry-run'] : [];
    case 'escalated':
      return [];
    default:
      return status satisfies never;
  }
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}
