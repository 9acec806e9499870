import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { SandboxAnswer, SandboxRequest } from '../../sandbox/http-server.ts';
import type { Emulator } from './start-emulator.ts';

/** Hands a request over to a function URL on the emulator, whose host name nobody resolves. */
export function postFunctionUrl(
  { certificate, url }: Emulator,
  functionUrl: string,
  { body, headers, method, path }: SandboxRequest,
): Promise<SandboxAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<SandboxAnswer>();
  const [id] = new URL(functionUrl).hostname.split('.');
  const { host, ...others } = headers;
  const outgoing = httpsRequest(`${url}/_aws/lambda-url/${id}${path}`, {
    method,
    ca: certificate,
    headers: others,
  });
  outgoing.once('error', reject).once('response', async (response) => {
    try {
      resolve({ status: response.statusCode ?? 0, body: await buffer(response) });
    } catch (error) {
      reject(error);
    }
  });
  outgoing.end(body);
  return promise;
}
