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
 * @param onEnrolled called as soon as a token is done
 */
export async function enrollAll(
  subjects: readonly Subject[],
  parts: EnrollParts,
  onEnrolled: (enrolled: Enrolled) => void = () => {},
): Promise<readonly Enrolled[]> {
  const enrolled: Enrolled[] = [];
  const done = (subject: Subject, enrolment: Enrolment): void => {
    enrolled.push({ subject, enrolment });
    onEnrolled({ subject, enrolment });
  };
  const ambiguous: { subject: Subject; begun: Extract<Begun, { status: 'ambiguous' }> }[] = [];
  await pooled(distinct(subjects), WIDTH, async (subject) => {
    const begun = await beginEnrolment(subject, parts);
    if (begun.status === 'ambiguous') ambiguous.push({ subject, begun });
    else done(subject, begun);
  });
  const byServiceUser = Map.groupBy(ambiguous, ({ begun }) => begun.service_user_id);
  await pooled([...byServiceUser.values()], WIDTH, async (group) => {
    for (const { begun, subject } of group) done(subject, await finishEnrolment(subject, begun, parts));
  });
  return enrolled;
}

/** The first of each token stands. */
function distinct(subjects: readonly Subject[]): readonly Subject[] {
  return [...Map.groupBy(subjects, ({ token }) => token.fingerprint()).values()].flatMap(([first]) =>
    first === undefined ? [] : [first],
  );
}
