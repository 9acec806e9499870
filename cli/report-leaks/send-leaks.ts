import { redact } from '../../lib/domain/redact.ts';
import { type ItemAnswer, type LeakItem, MOST_LEAKS, postLeaks } from '../../lib/intake/post-leaks.ts';
import type { FoundLeak, Gathered, Place } from './gather-leaks.ts';

/** A leak of the report, and what became of it. */
export interface SentLeak {
  readonly places: readonly [Place, ...Place[]];
  readonly answer: ItemAnswer;
}

/** Milliseconds for one request, with all its attempts. */
const WITHIN_MS = 60_000;

const REDACTED = 'the scanner redacted the key; run it without redaction';

/** Sends each leak once. What its scanner redacted is refused here. @param now epoch milliseconds */
export async function sendLeaks(
  url: URL,
  key: Uint8Array,
  { leaks, redacted }: Pick<Gathered, 'leaks' | 'redacted'>,
  now: () => number,
): Promise<SentLeak[]> {
  const sent: SentLeak[] = [];
  for (let at = 0; at < leaks.length; at += MOST_LEAKS) {
    const batch = leaks.slice(at, at + MOST_LEAKS);
    const { items } = await postLeaks(url, key, batch.map(itemOf), { deadline: now() + WITHIN_MS });
    for (const [index, answer] of items.entries()) {
      const leak = batch[index];
      if (leak !== undefined) sent.push({ places: leak.places, answer: clean(answer, leak.token) });
    }
  }
  return [...sent, ...redacted.map((place) => refusedHere(place))];
}

function refusedHere(place: Place): SentLeak {
  return { places: [place], answer: { accepted: false, reason: REDACTED } };
}

function itemOf({ places, token }: FoundLeak): LeakItem {
  const [first, ...others] = places;
  const url = URL.parse(first.link ?? '');
  const more =
    others.length === 0 ? '' : `, and at ${others.length} other ${others.length === 1 ? 'place' : 'places'}`;
  return {
    token,
    source: first.scanner,
    ...(url?.protocol === 'https:' && { url: url.href }),
    note: `${first.rule}: ${placeText(first)}${more}`.slice(0, 500),
  };
}

/** `src/app.ts:12 in commit 1a2b3c4d5e6f` */
export function placeText({ commit, file, line }: Place): string {
  const where = `${file ?? 'an unnamed file'}${line === undefined ? '' : `:${line}`}`;
  return commit === undefined ? where : `${where} in commit ${commit.slice(0, 12)}`;
}

/** The endpoint's words, in which no token may stand. */
function clean(answer: ItemAnswer, token: FoundLeak['token']): ItemAnswer {
  return answer.accepted
    ? { ...answer, report_id: redact(answer.report_id, [token]) }
    : { ...answer, reason: redact(answer.reason, [token]).slice(0, 500) };
}
