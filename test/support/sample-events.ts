import { readdirSync, readFileSync } from 'node:fs';
import type { EventBridgeEvent, LambdaFunctionURLEvent } from 'aws-lambda';
import { sign } from '../../lib/intake/signature.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { standardDelivery } from '../../sandbox/standard-delivery.ts';
import { sealAsSender } from './seal-as-sender.ts';

const folder = new URL('../../events/', import.meta.url);
export const eventFiles: readonly string[] = readdirSync(folder)
  .flatMap((file) => /^(.*)\.json$/.exec(file)?.[1] ?? [])
  .sort();

/** A fresh copy of an event. */
export function sampleEvent<T = unknown>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

const TOKEN = 'put the leaked token here';

/** The event with all that a person has to put into it: the leaked token, signatures and secrets. */
export async function filledEvent(name: string, token: string, sandbox: Sandbox): Promise<unknown> {
  const text = JSON.stringify(sampleEvent(name)).replaceAll(TOKEN, token);
  if (name === 'revoke-eventbridge-sealed') {
    const event: EventBridgeEvent<string, { sealed: { report_id: string } }> = JSON.parse(text);
    const sealed = await sealAsSender(sandbox, token, event.detail.sealed.report_id);
    return { ...event, detail: { ...event.detail, sealed } };
  }
  return name.startsWith('webhook-') ? signed(JSON.parse(text), sandbox) : JSON.parse(text);
}

function signed(event: LambdaFunctionURLEvent, sandbox: Sandbox): LambdaFunctionURLEvent {
  const body = Buffer.from(event.body ?? '');
  const { headers } = event;
  if (headers['x-hub-signature-256'] !== undefined) {
    headers['x-hub-signature-256'] = sign(body, sandbox.webhookSecret);
  }
  if (headers['webhook-id'] !== undefined) {
    const { headers: own } = standardDelivery(body, sandbox.standardSecret, { id: headers['webhook-id'] });
    Object.assign(headers, own);
  }
  if (headers.authorization !== undefined) headers.authorization = sandbox.gitlabSecret;
  return event;
}
