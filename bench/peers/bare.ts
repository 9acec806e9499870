import * as https from 'node:https';
import type { Rounds, WireRequest } from '../rounds.ts';

const agent = new https.Agent({ keepAlive: true });

/** The same rounds with bare `node:https`: ready-made requests, nothing built, signed, parsed or logged. */
export const handler = async (rounds: Rounds): Promise<number[]> => {
  let statuses: number[] = [];
  for (const round of rounds) statuses = await Promise.all(round.map(send));
  return statuses;
};

function send({ method, url, headers, body }: WireRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = https.request(url, { method, headers: { ...headers, ...length }, agent }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
