import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from '../platform/http.ts';
import type { AwsEnvironment, SignedService } from './environment.ts';

/** Signs a request with AWS Signature Version 4, by AWS's own signer. */
export async function signed(
  { region, credentials }: AwsEnvironment,
  service: SignedService,
  request: Omit<HttpRequest, 'timeoutMs'>,
): Promise<Omit<HttpRequest, 'timeoutMs'>> {
  const { url, body = '' } = request;
  const signer = new SignatureV4({
    service,
    region,
    credentials,
    sha256: Sha256,
    // S3 signs the path as it is sent; the other services sign it encoded once more.
    uriEscapePath: service !== 's3',
    applyChecksum: true,
  });
  const { headers } = await signer.sign({
    method: request.method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...request.headers, host: url.host },
    body,
  });
  return { ...request, headers };
}

/** The hash that AWS's signer asks for, from Node's own crypto. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(chunk));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {}
}

function bytes(source: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof source === 'string') return Buffer.from(source, 'utf8');
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
