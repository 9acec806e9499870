import { threadOf } from '../domain/report.ts';
import { alertLink } from './alert-link.ts';
import { deadOrAlive, openFor, usedByOthers } from './describe-state.ts';
import type { Ended } from './ended.ts';
import { nextSteps } from './next-steps.ts';
import { code, type Fact, link, type Notice, name, type Part, words } from './notice.ts';

/** Where the reader finds what a notice names. */
export interface Places {
  readonly githubApiUrl: string;
  readonly region: string;
  /** Of the worker, into whose console events are pasted. */
  readonly functionName: string;
}

/**
 * The message about the end of a report: what leaked, where, which key, is it dead and how that is known, how long
 * it was open, was it used, and what to do now.
 */
export function describeOutcome(ended: Ended, places: Places): Notice {
  const { outcome, report } = ended;
  const open = openFor(outcome);
  const facts: Fact[] = [
    { label: 'Where', parts: where(ended, places) },
    { label: 'Key', parts: whichKey(ended) },
    { label: 'State', parts: [words(deadOrAlive(ended))] },
    ...why(ended),
    ...(open === undefined ? [] : [fact('Open', open)]),
    outcome.status === 'rehearsed'
      ? fact('Would do', outcome.would_do.join('; '))
      : fact('Used by others', usedByOthers(outcome.exposure)),
    ...alertFact(ended),
    ...(outcome.leaks === undefined ? [] : [fact('Tokens in the secret', leaksText(outcome.leaks))]),
    { label: 'Report', parts: [code(report.report_id)] },
  ];
  const steps = nextSteps(ended);
  const hasEvent = steps.flat().some((part) => part.kind !== 'link' && part.text.includes('{"'));
  return {
    subject: `${headline(ended)}: ${placeName(ended)}`,
    facts: hasEvent ? [...facts, { label: 'Paste events into', parts: [link(consoleLink(places))] }] : facts,
    steps,
    thread: threadOf(report),
    id: `${report.report_id}#${outcome.status}`,
  };
}

function why({ outcome }: Ended): Fact[] {
  switch (outcome.status) {
    case 'revoked':
    case 'rehearsed':
      return [];
    case 'already_revoked':
    case 'not_found':
    case 'still_alive':
    case 'escalated':
    case 'failed':
    case 'ignored':
      return outcome.reason === undefined ? [] : [fact('Why', outcome.reason)];
    default:
      return outcome satisfies never;
  }
}

function headline({ outcome, report }: Ended): string {
  const what = outcome.own_key
    ? 'OUR OWN leaked Devin token'
    : report.detector === 'sweep'
      ? 'Old Devin API key'
      : report.detector === 'aftermath'
        ? 'Devin API key made with a leaked one'
        : 'Leaked Devin API key';
  switch (outcome.status) {
    case 'revoked':
      return `${what} revoked`;
    case 'already_revoked':
      return outcome.owner === 'unknown' ? `${what} is rejected, owner unknown` : `${what} was dead already`;
    case 'not_found':
      return `${what} is unknown to Devin`;
    case 'still_alive':
      return `${what} STILL WORKS`;
    case 'escalated':
      return `${what}: a person must decide`;
    case 'rehearsed':
      return `Rehearsal, would end as ${outcome.would_end}. ${what}`;
    case 'failed':
      return outcome.retryable ? `${what} not revoked yet` : `${what} NOT REVOKED`;
    case 'ignored':
      return `${what} ignored`;
    default:
      return outcome satisfies never;
  }
}

function placeName({ report: { detector, leak } }: Ended): string {
  if (leak.kind === 'github_alert') return `${leak.owner}/${leak.repo}, alert ${leak.number}`;
  switch (detector) {
    case 'github':
    case 'webhook':
    case 'queue':
      return 'reported by a detector';
    case 'gitlab':
      return 'reported by GitLab';
    case 'eventbridge':
      return 'reported by an event';
    case 'console':
      return 'reported by hand';
    case 'sweep':
      return 'found by a sweep';
    case 'aftermath':
      return 'found in the audit log of Devin';
    default:
      return detector satisfies never;
  }
}

function where(ended: Ended, { githubApiUrl }: Places): Part[] {
  const { leak, reason } = ended.report;
  const url = leak.kind === 'github_alert' ? alertLink(leak, githubApiUrl) : undefined;
  const moved = ended.outcome.alert?.moved_to;
  return [
    words(placeName(ended)),
    ...(url === undefined ? [] : [link(url)]),
    ...(moved === undefined ? [] : [words('the repository is now'), code(moved)]),
    ...(reason === undefined ? [] : [words('the reporter says:'), name(reason)]),
  ];
}

/** Its id, its name, its owner. */
function whichKey({ outcome }: Ended): Part[] {
  const { api_key_id, api_key_name, attribution, candidates, service_user_id, user } = outcome;
  const found =
    attribution === undefined ? [] : [words(`(known by ${attribution.method}, ${attribution.confidence})`)];
  const key =
    api_key_id === undefined
      ? [words(candidates === undefined ? 'not known,' : `one of ${candidates.length}`)]
      : [code(api_key_id), ...(api_key_name === undefined ? [] : [name(api_key_name)])];
  const owner = service_user_id ?? user?.user_name ?? user?.user_id;
  return [
    ...key,
    ...(owner === undefined ? [words('of an unknown owner')] : [words('of'), code(owner)]),
    ...found,
  ];
}

function alertFact({ outcome: { alert } }: Ended): Fact[] {
  if (alert === undefined) return [];
  if (alert.closed) return [fact('Alert', 'resolved as revoked')];
  return [fact('Alert', `STILL OPEN: ${alert.reason ?? 'GitHub did not resolve it'}`)];
}

function leaksText(leaks: NonNullable<Ended['outcome']['leaks']>): string {
  const ids = leaks.map(({ api_key_id, status }) => `${api_key_id ?? 'unknown key'} ${status}`);
  return `${leaks.length}, the worst one above: ${ids.join(', ')}`;
}

/** The page on which an event is pasted. */
function consoleLink({ functionName, region }: Places): string {
  const name = encodeURIComponent(functionName);
  return `https://${region}.console.aws.amazon.com/lambda/home?region=${region}#/functions/${name}?tab=testing`;
}

function fact(label: string, text: string): Fact {
  return { label, parts: [words(text)] };
}
