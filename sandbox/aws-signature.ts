import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SandboxRequest } from './http-server.ts';

export type AwsCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();

/**
 * Holds a request to AWS Signature Version 4 as the services do.
 * @returns what is wrong with it, undefined when nothing is
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signatureProblem(
  request: SandboxRequest,
  service: string,
  credentials: AwsCredentials | undefined,
): string | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=(?<id>[^/]+)\/(?<scope>[^,]+), ?SignedHeaders=(?<names>[^,]+), ?Signature=(?<signature>[0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    )?.groups;
  if (match === undefined) return 'Missing Authentication Token';
  const { id = '', scope = '', names = '', signature = '' } = match;
  const [day = '', region = '', scopeService] = scope.split('/');
  if (scopeService !== service) return `Credential should be scoped to correct service: '${service}'.`;
  if (credentials === undefined) return undefined;
  if (id !== credentials.accessKeyId) return 'The security token included in the request is invalid.';
  const { sessionToken } = credentials;
  if (sessionToken !== undefined && request.headers['x-amz-security-token'] !== sessionToken) {
    return 'The security token included in the request is invalid.';
  }
  const stated = request.headers['x-amz-content-sha256'];
  const hash = sha256(request.body);
  if (stated !== undefined && stated !== 'UNSIGNED-PAYLOAD' && stated !== hash) {
    return 'The provided x-amz-content-sha256 header does not match what was computed.';
  }
  const date = String(request.headers['x-amz-date'] ?? '');
  const text = [
    'AWS4-HMAC-SHA256',
    date,
    scope,
    sha256(canonical(request, service, names, String(stated ?? hash))),
  ];
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${credentials.secretAccessKey}`, day));
  const expected = hmac(key, text.join('\n'));
  const isSame = timingSafeEqual(expected, Buffer.from(signature, 'hex'));
  return isSame
    ? undefined
    : 'The request signature we calculated does not match the signature you provided.';
}

function canonical(request: SandboxRequest, service: string, names: string, payload: string): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  // S3 signs the path as it is sent, every other service encodes it once more
  const path = service === 's3' ? request.path : request.path.split('/').map(encode).join('/');
  const query = [...request.query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const headers = names
    .split(';')
    .map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}\n`,
    )
    .join('');
  return [request.method, path, query, headers, names, payload].join('\n');
}
