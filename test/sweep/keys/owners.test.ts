import { expect, test } from 'vitest';
import { ownerNotifier } from '../../../lib/sweep/keys/owners.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const owners = { 'deploy-bot': 'deploy-team@example.com', 'service-user-1': '#deploys' };

/** Whom a warning for a service user goes to. */
async function addressees(service_user_id: string, service_user_name: string) {
  const sent: string[] = [];
  const send = async (address: string): Promise<boolean> => {
    sent.push(address);
    return true;
  };
  const notify = ownerNotifier(
    { kind: 'inline', owners },
    memoryBucket().store,
    { mail: send, slack: send },
    {
      deadline: Date.now() + 1_000,
    },
  );
  const wentOut = await notify({ service_user_id, service_user_name }, 'subject', 'text');
  return { sent, wentOut };
}

test.each([
  ['named by its id', 'service-user-1', 'deploy-bot', ['#deploys']],
  ['named by its name', 'service-user-2', 'deploy-bot', ['deploy-team@example.com']],
  ['of nobody', 'service-user-3', 'robot', []],
  ['with the name of what every object has', 'service-user-4', 'constructor', []],
  ['with an id that is the name of what every object has', 'toString', '__proto__', []],
])('the warning of a service user %s goes to its owner', async (_, id, name, sent) => {
  expect(await addressees(id, name)).toEqual({ sent, wentOut: true });
});
