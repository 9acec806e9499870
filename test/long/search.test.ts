import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { deletedKeys } from '../../sandbox/observe.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from '../support/load-handler.ts';

// The worlds of test/handlers/search.test.ts that deleted a wrong key once, with the settings as they are deployed and
// the time that the deployed function has.

const old = () => ({ created_at: Math.floor(Date.now() / 1_000) - 86_400 });

interface Played {
  readonly sandbox: Sandbox;
  readonly api_key_id: string;
  readonly answer: Outcome;
}

async function arrange(
  useLagMs: () => number,
  siblings: number,
  perSecond: number,
  isOurs = false,
): Promise<() => Promise<Played>> {
  const sandbox = await startSandbox({ sqs: false });
  sandbox.devin.useLagMs = useLagMs;
  const user = isOurs ? sandbox.admin : sandbox.devin.createServiceUser();
  const { api_key_id, token } = sandbox.devin.createKey(user.service_user_id, old());
  for (let index = 0; index < siblings; index++) {
    const other = sandbox.devin.createKey(user.service_user_id, old());
    timers.push(setInterval(() => sandbox.devin.use(other.token), 1_000 / perSecond));
  }
  const revoke = await loadHandler('revoke', sandbox.env());
  return async () => {
    const end = Date.now() + 180_000;
    const context = lambdaContext({ getRemainingTimeInMillis: () => end - Date.now() });
    return { sandbox, api_key_id, answer: (await revoke({ token }, context)) as Outcome };
  };
}

const timers: NodeJS.Timeout[] = [];
let output: Output;
let played: Played[];

beforeAll(async () => {
  output = captureOutput();
  const plays = [
    await arrange(() => Math.random() * 20_000, 2, 5),
    await arrange(() => (Math.random() < 0.1 ? 0 : Number.POSITIVE_INFINITY), 2, 50),
    await arrange(() => 12_000, 0, 1, true),
    await arrange(() => 0, 4, 5),
  ];
  played = await Promise.all(plays.map((play) => play()));
}, 200_000);
afterAll(async () => {
  output.restore();
  timers.forEach(clearInterval);
  await Promise.all(played.map(({ sandbox }) => sandbox.stop()));
});

test.each([
  [0, 'each use shows after a random 0 to 20 s'],
  [1, 'a tenth of all uses is stored'],
  [2, 'the leaked key is a sibling of our own'],
])('nothing is deleted, world %i: %s', (index) => {
  const one = played[index];

  expect(one?.answer).toMatchObject({ status: 'escalated' });
  expect(one && deletedKeys(one.sandbox)).toEqual([]);
});

test('the sibling of our own key is named to a person, with the evidence', () => {
  expect(played[2]?.answer.candidates?.[0]).toMatchObject({ api_key_id: played[2]?.api_key_id });
});

test('the leaked key is deleted where uses show at once', () => {
  const { answer, api_key_id, sandbox } = played[3] ?? expect.fail('not played');

  expect(answer).toMatchObject({ status: 'revoked', attribution: { experiment: { error: 1e-6 } } });
  expect(deletedKeys(sandbox)).toEqual([api_key_id]);
});
