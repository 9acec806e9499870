import { HttpFailure, send } from '../platform/http.ts';
import { errorFields, log } from '../platform/log.ts';
import { parseHeader, type ReadHeader } from './siem-header.ts';

/** Copies records to a SIEM. The bucket stays the authoritative log. */
export interface Forward {
  /** @returns whether the SIEM accepted it; it may get a record more than once, with the same `metadata.uid` */
  post(body: string): Promise<boolean>;
}

/** Milliseconds for which a SIEM that failed is not called, so that its outage delays no worker. */
const REST_MS = 30_000;
const TIMEOUT_MS = 2_000;

/** Posts records as JSON. A failure returns `false`, and the queue redelivers the message. */
export function httpForward(url: string, readHeader: ReadHeader | undefined): Forward {
  let restUntil = 0;
  let header: Promise<Record<string, string>> | undefined;
  const headers = (): Promise<Record<string, string>> => {
    header ??= readHeader === undefined ? Promise.resolve({}) : readHeader().then(parseHeader);
    return header;
  };
  return {
    async post(body) {
      if (Date.now() < restUntil) return false;
      const status = await headers()
        .then((extra) =>
          send({
            method: 'POST',
            url: new URL(url),
            headers: { 'content-type': 'application/json', ...extra },
            body,
            timeoutMs: TIMEOUT_MS,
          }),
        )
        .then((answer) => answer.status, fail);
      if (status >= 200 && status < 300) return true;
      restUntil = Date.now() + REST_MS;
      // A secret that could not be read, or was rotated, is read again.
      header = undefined;
      log('error', 'the SIEM did not accept a record', { status });
      return false;
    },
  };
}

function fail(error: unknown): number {
  if (!(error instanceof HttpFailure)) log('error', 'a record was not forwarded', errorFields(error));
  return 0;
}
