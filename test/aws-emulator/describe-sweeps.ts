import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STACK } from './deploy-stack.ts';
import { eventually, type Scene } from './scene.ts';

const DAY = 86_400;

/** The sweep of the keys: a person releases a plan, stops all sweeps, enforces them; a long one continues in a chain. */
export function describeSweeps(scene: () => Scene): void {
  /** A key that is older than the stack's parameter `sweepMaxAgeDays` allows. */
  function oldKey() {
    const { devin } = scene().sandbox;
    const seconds = Math.floor(Date.now() / 1_000);
    const made = devin.createKey(devin.createServiceUser().service_user_id, {
      created_at: seconds - 700 * DAY,
      last_used_at: seconds - DAY,
    });
    scene().tokens.push(made.token);
    return made;
  }
  const isLive = (token: string) => scene().sandbox.devin.isLive(token);
  const sweep = async (event: object) => {
    const { failed, payload } = await scene().invoke('sweep-keys', event);
    expect(failed, JSON.stringify(payload)).toBe(false);
    return payload;
  };

  test('a plan changes nothing until a person releases it', async () => {
    const { api_key_id, token } = oldKey();

    const plan = await sweep({ scheduled_at: new Date().toISOString() });
    expect(plan).toMatchObject({ status: 'report', totals: { revoke: 1 } });
    expect(isLive(token)).toBe(true);
    const released = await sweep({ release: plan.plan_id, reason: 'looked through by hand' });

    expect(released).toMatchObject({ status: 'released', queued: 1 });
    const { record } = await scene().outcomeOf(api_key_id);
    expect(record.unmapped.status).toBe('revoked');
    expect(isLive(token)).toBe(false);
  });

  describe('when it is enforced', () => {
    beforeAll(async () => {
      await scene().deploy({ sweepMode: 'enforce' });
    });

    test('a stop holds it back, and a resume lets it go on', async () => {
      const { api_key_id, token } = oldKey();

      expect(await sweep({ stop: 'the plan of today looks odd' })).toEqual({ status: 'stop_set' });
      const stopped = await sweep({});
      expect(stopped).toMatchObject({ status: 'stopped' });
      expect(isLive(token)).toBe(true);

      expect(await sweep({ resume: 'the plan was all right' })).toEqual({ status: 'stop_lifted' });
      expect(await sweep({})).toMatchObject({ status: 'enforced', queued: 1 });
      expect((await scene().outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
      expect(isLive(token)).toBe(false);
    });

    describe('with little time for an invocation', () => {
      const setTimeoutSeconds = (Timeout: number) =>
        scene().stack.aws.lambda.send(
          new UpdateFunctionConfigurationCommand({ FunctionName: `${STACK}-sweep-keys`, Timeout }),
        );

      beforeAll(async () => {
        Object.assign(scene().sandbox.devin, { pageSize: 1, latencyMs: 250 });
        await setTimeoutSeconds(4);
      });
      afterAll(async () => {
        Object.assign(scene().sandbox.devin, { pageSize: 100, latencyMs: 0 });
        await setTimeoutSeconds(900);
      });

      test('it continues through its queue, and acts in the end', async () => {
        const { api_key_id, token } = oldKey();

        const first = await sweep({});

        expect(first).toMatchObject({ status: 'unfinished', next: { phase: 'plan' } });
        await eventually('the last invocation has queued it', () => !isLive(token), 80);
        expect((await scene().outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
      });
    });
  });
}
