import { expect, test } from 'vitest';
import { judgeProbes, type ProbeSight } from '../../lib/containment/judge-probes.ts';

/** `x` is a 401, `o` an answer of a live token, `?` one that proves nothing. */
function sights(text: string, everyMs: number): ProbeSight[] {
  return [...text].map((character, index) => {
    const sentAt = index * everyMs;
    if (character === 'x') return { sentAt, status: 'dead' };
    return { sentAt, status: character === 'o' ? 'alive' : 'unproven', reason: character };
  });
}

test.each([
  ['a single 401', 'x', 150, 'open'],
  ['two 401', 'xx', 300, 'open'],
  ['three 401 over 300 ms', 'xxx', 150, 'dead'],
  ['three 401 at nearly the same moment', 'xxx', 10, 'open'],
  ['a 401 before an answer of a live token', 'xxo', 150, 'open'],
  ['three 401 that begin again after no answer', 'x?xxx', 150, 'dead'],
  ['too few 401 after no answer', 'xx?xx', 150, 'open'],
  ['three 401 soon after an answer of a live token', 'oxxx', 150, 'open'],
  ['401 for half of the window after an answer of a live token', `o${'x'.repeat(21)}`, 500, 'dead'],
  ['401 for less than half of the window after it', `o${'x'.repeat(20)}`, 500, 'open'],
  ['a live answer among many 401', `o${'x'.repeat(18)}o${'x'.repeat(18)}`, 500, 'open'],
  ['nothing', '', 0, 'open'],
])('%s', (_, text, everyMs, verdict) => {
  expect(judgeProbes(sights(text, everyMs), 20_000)).toMatchObject({ verdict });
});

test('a row that is too short is long enough at the time that the verdict names', () => {
  expect(judgeProbes(sights('oxx', 500), 20_000)).toEqual({ verdict: 'open', until: 500 + 10_000 });
  expect(judgeProbes(sights('x', 0), 20_000)).toEqual({ verdict: 'open', until: 450 });
});
