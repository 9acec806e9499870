import { HttpFailure, send } from '../platform/http.ts';
import { errorFields, log } from '../platform/log.ts';
import { parseHeader, type ReadHeader } from './siem-header.ts';

/** Copies records to a SIEM. The bucket stays the authoritative log; a copy may come late or twice. */
export interface Forward {
  /**
   * @param deadline epoch milliseconds at which the call returns, answered or not
   * @returns whether the SIEM accepted it; it may get a record more than once, with the same `metadata.uid`
   */
  post(body: string, deadline: number): Promise<boolean>;
}

/** Milliseconds for which a SIEM that failed is not called, so that its outage delays no worker. */
const REST_MS = 30_000;
/** For the secret and the post together. */
const TIMEOUT_MS = 2_000;

/** The SIEM of the settings, or `undefined` when there is none. */
export function siemForward(
  { AUDIT_HTTP_SECRET_ID: id, AUDIT_HTTP_URL: url }: SiemSettings,
  read: (id: string) => Promise<string>,
): Forward | undefined {
  return url === undefined ? undefined : httpForward(url, id === undefined ? undefined : () => read(id));
}

interface SiemSettings {
  readonly AUDIT_HTTP_URL?: string | undefined;
  readonly AUDIT_HTTP_SECRET_ID?: string | undefined;
}

type Headers = Readonly<Record<string, string>>;

/** Posts records as JSON. A failure returns `false`, and the queue redelivers the message. */
export function httpForward(url: string, readHeader: ReadHeader | undefined): Forward {
  let restUntil = 0;
  let header: Promise<Headers> | undefined;
  const readOnce = (): Promise<Headers> => {
    header ??= readHeader === undefined ? Promise.resolve({}) : readHeader().then(parseHeader);
    return header;
  };

  async function deliver(body: string, until: number): Promise<number> {
    const extra = await within(readOnce(), until);
    const timeoutMs = until - Date.now();
    if (timeoutMs <= 0) throw new HttpFailure('timeout');
    const headers = { 'content-type': 'application/json', ...extra };
    const { status } = await send({ method: 'POST', url: new URL(url), headers, body, timeoutMs });
    return status;
  }

  return {
    async post(body, deadline) {
      const now = Date.now();
      if (now < restUntil || now >= deadline) return false;
      const until = Math.min(deadline, now + TIMEOUT_MS);
      const status = await deliver(body, until).catch(statusOf);
      if (status >= 200 && status < 300) return true;
      // Too little time says nothing about the SIEM.
      if (status !== 0 || until < deadline) restUntil = Date.now() + REST_MS;
      // A secret that could not be read, or was rotated, is read again.
      header = undefined;
      log('error', 'the SIEM did not accept a record', { status });
      return false;
    },
  };
}

/** @throws {HttpFailure} `timeout` */
async function within<T>(work: Promise<T>, until: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new HttpFailure('timeout')), until - Date.now());
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function statusOf(error: unknown): number {
  if (!(error instanceof HttpFailure)) log('error', 'a record was not forwarded', errorFields(error));
  return 0;
}
