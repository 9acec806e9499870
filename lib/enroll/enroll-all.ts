import { pooled } from '../platform/map-concurrent.ts';
import {
  type Begun,
  beginEnrolment,
  type EnrollParts,
  type Enrolment,
  finishEnrolment,
  type Subject,
} from './enroll-token.ts';

/** A token, and what came of it. */
export interface Enrolled {
  readonly subject: Subject;
  readonly enrolment: Enrolment;
}

/** Tokens that are worked on at the same time; the rate limit of Devin's API is not documented. */
const WIDTH = 4;

/**
 * Enrols tokens: first all those whose key is known at once, then the others by experiments, of which there is one at a time
 * for a service user. A token that is found several times is enrolled once.
 *
 * @param on.enrolled called as soon as a token is done
 * @param on.experiment called before the keys of a token's service user are told apart
 */
export async function enrollAll(
  subjects: readonly Subject[],
  parts: EnrollParts,
  on: {
    readonly enrolled?: (enrolled: Enrolled) => void;
    readonly experiment?: (subject: Subject, keys: number) => void;
  } = {},
): Promise<readonly Enrolled[]> {
  const enrolled: Enrolled[] = [];
  const done = (subject: Subject, enrolment: Enrolment): void => {
    enrolled.push({ subject, enrolment });
    on.enrolled?.({ subject, enrolment });
  };
  const ambiguous: { subject: Subject; begun: Extract<Begun, { status: 'ambiguous' }> }[] = [];
  await pooled(distinct(subjects), WIDTH, async (subject) => {
    const begun = await beginEnrolment(subject, parts);
    if (begun.status === 'ambiguous') ambiguous.push({ subject, begun });
    else done(subject, begun);
  });
  const byServiceUser = Map.groupBy(ambiguous, ({ begun }) => begun.service_user_id);
  await pooled([...byServiceUser.values()], WIDTH, async (group) => {
    for (const { begun, subject } of group) {
      on.experiment?.(subject, begun.candidates.length);
      done(subject, await finishEnrolment(subject, begun, parts));
    }
  });
  return enrolled;
}

/** The first of each token stands. */
function distinct(subjects: readonly Subject[]): readonly Subject[] {
  return [...Map.groupBy(subjects, ({ token }) => token.fingerprint()).values()].flatMap(([first]) =>
    first === undefined ? [] : [first],
  );
}
