import * as https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rounds, WireRequest } from '../rounds.ts';

const agent = new https.Agent({ keepAlive: true });
const singleUse = new https.Agent({ keepAlive: false });

/** The same rounds with bare `node:https`: ready-made requests, nothing built, signed, parsed or logged. */
export const handler = async (rounds: Rounds): Promise<number[]> => {
  let statuses: number[] = [];
  for (const round of rounds) statuses = await Promise.all(round.map(send));
  return statuses;
};

async function send(request: WireRequest): Promise<number> {
  if (request.afterMs) await sleep(request.afterMs);
  return exchange(request);
}

function exchange({ method, url, headers, body, ownConnection }: WireRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = https.request(
      url,
      { method, headers: { ...headers, ...length }, agent: ownConnection ? singleUse : agent },
      (incoming) => {
        incoming.resume();
        incoming.on('end', () => resolve(incoming.statusCode ?? 0));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
