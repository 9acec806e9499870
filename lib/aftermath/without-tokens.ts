import type { Aftermath } from '../domain/aftermath.ts';
import { redact } from '../domain/redact.ts';
import type { Token } from '../domain/token.ts';

/** The facts with the parts of tokens that are at hand redacted from all that somebody else wrote. */
export function withoutTokens(facts: Aftermath, known: readonly Token[]): Aftermath {
  if (known.length === 0) return facts;
  const clean = (text: string): string => redact(text, known);
  const { schedules, sessions } = facts;
  return {
    ...facts,
    sessions: {
      ...sessions,
      listed: sessions.listed.map(({ pull_requests, title, url, ...session }) => ({
        ...session,
        pull_requests: pull_requests.map(clean),
        ...(title !== undefined && { title: clean(title) }),
        ...(url !== undefined && { url: clean(url) }),
      })),
    },
    schedules: {
      ...schedules,
      listed: schedules.listed.map(({ frequency, name, ...schedule }) => ({
        ...schedule,
        name: clean(name),
        ...(frequency !== undefined && { frequency: clean(frequency) }),
      })),
    },
  };
}
