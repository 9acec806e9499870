import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/**
 * An S3 over real HTTP whose records are not stored but made when they are asked for: a day of a million records takes
 * no memory. Everything else that is put (digests, notes, states) is kept. Versions, conditional puts, and listings with
 * prefix, delimiter and start are as in sandbox/s3.ts; signatures are not checked.
 */
export interface VirtualS3 {
  readonly url: string;
  readonly requests: number;
  /** What was put, by key. */
  readonly stored: ReadonlyMap<string, string>;
  /** @param at epoch milliseconds at which it was stored */
  put(key: string, body: string, at?: number): void;
  /** Without a request, in the order of the keys. */
  objects(prefix: string, startAfter: string): Iterable<VirtualObject>;
  /** Without a request. @returns `undefined` when there is no such object */
  read(key: string): string | undefined;
  stop(): Promise<void>;
}

/** Objects that follow from their number: their keys are in order, and so are those of one `folder`. */
export interface VirtualFolder {
  readonly prefix: string;
  readonly count: number;
  /** The key, without the prefix; in byte order. */
  name(index: number): string;
  /** The number of the first key that sorts after this one. */
  after(name: string): number;
  /** The number in a key, whether or not there is such a key. */
  numberIn(name: string): number;
  body(index: number): string;
  /** Of every body, in bytes. */
  size(index: number): number;
  /** Epoch milliseconds at which it was stored. */
  readonly at: number;
}

export interface VirtualObject {
  readonly key: string;
  /** Epoch milliseconds at which it was stored. */
  readonly at: number;
  /** Bytes. */
  readonly size: number;
}

export async function startVirtualS3(folders: readonly VirtualFolder[]): Promise<VirtualS3> {
  const stored = new Map<string, string>();
  const times = new Map<string, number>();
  let sorted: string[] | undefined;
  let requests = 0;

  const put = (key: string, body: string, at = Date.now()): void => {
    stored.set(key, body);
    times.set(key, at);
    sorted = undefined;
  };

  function bodyOf(key: string): string | undefined {
    const folder = folders.find(({ prefix }) => key.startsWith(prefix));
    if (folder === undefined) return stored.get(key);
    const name = key.slice(folder.prefix.length);
    const index = folder.numberIn(name);
    return index >= 0 && index < folder.count && folder.name(index) === name
      ? folder.body(index)
      : stored.get(key);
  }

  /** The keys after one, in order, as far as a page needs them. */
  function* keysAfter(prefix: string, start: string): Generator<VirtualObject> {
    sorted ??= [...stored.keys()].sort();
    const real = sorted.filter((key) => key > start && key.startsWith(prefix));
    let next = 0;
    for (const folder of folders) {
      if (!folder.prefix.startsWith(prefix) && !prefix.startsWith(folder.prefix)) continue;
      while (next < real.length && (real[next] ?? '') < folder.prefix) yield realOf(real[next++] ?? '');
      const from = start.startsWith(folder.prefix) ? start.slice(folder.prefix.length) : '';
      const inside = prefix.slice(folder.prefix.length);
      let index =
        start > folder.prefix && from === ''
          ? folder.count
          : folder.after(from > inside ? from : beforeOf(inside));
      for (; index < folder.count; index++) {
        const name = folder.name(index);
        if (!name.startsWith(inside)) break;
        yield { key: folder.prefix + name, at: folder.at, size: folder.size(index) };
      }
    }
    while (next < real.length) yield realOf(real[next++] ?? '');
  }
  const realOf = (key: string): VirtualObject => ({
    key,
    at: times.get(key) ?? 0,
    size: stored.get(key)?.length ?? 0,
  });

  const server = createServer((request, response) => {
    requests += 1;
    serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://s3');
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    if (request.method === 'PUT') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      if (bodyOf(key) !== undefined) return void response.writeHead(412).end();
      put(key, Buffer.concat(chunks).toString());
      return void response.writeHead(200).end();
    }
    if (key === '') return list(url.searchParams, response);
    const body = bodyOf(key);
    if (body === undefined) return void response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    response
      .writeHead(200, { 'content-length': Buffer.byteLength(body), 'x-amz-version-id': versionOf(key) })
      .end(body);
  }

  function list(query: URLSearchParams, response: ServerResponse): void {
    const isVersions = query.has('versions');
    const prefix = query.get('prefix') ?? '';
    const delimiter = query.get('delimiter') ?? '';
    const token = query.get('continuation-token');
    const start =
      query.get('key-marker') ??
      (token && Buffer.from(token, 'base64url').toString()) ??
      query.get('start-after') ??
      '';
    const most = Math.min(Number(query.get('max-keys') ?? 1_000), 1_000);
    const { isTruncated, last, rows } = page(prefix, delimiter, start, most, isVersions);
    const next = isVersions
      ? `<NextKeyMarker>${last}</NextKeyMarker>`
      : `<NextContinuationToken>${Buffer.from(last).toString('base64url')}</NextContinuationToken>`;
    const root = isVersions ? 'ListVersionsResult' : 'ListBucketResult';
    const keys = rows.filter((row) => row.startsWith('<Contents>')).length;
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(
        `<?xml version="1.0"?><${root}><Name>audit</Name><KeyCount>${keys}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>` +
          `${isTruncated ? next : ''}${rows.join('')}</${root}>`,
      );
  }

  function page(prefix: string, delimiter: string, start: string, most: number, isVersions: boolean) {
    const rows: string[] = [];
    let last = start;
    for (;;) {
      let jump: string | undefined;
      for (const { at, key, size } of keysAfter(prefix, last)) {
        if (rows.length >= most) return { rows, last, isTruncated: true };
        const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
        if (cut >= 0) {
          const folder = key.slice(0, cut + 1);
          rows.push(`<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`);
          // Over the rest of the folder, as S3 does.
          jump = `${folder}\uffff`;
          break;
        }
        last = key;
        const common = `<Key>${key}</Key><LastModified>${new Date(at).toISOString()}</LastModified><Size>${size}</Size>`;
        rows.push(
          isVersions
            ? `<Version>${common}<VersionId>${versionOf(key)}</VersionId><IsLatest>true</IsLatest></Version>`
            : `<Contents>${common}</Contents>`,
        );
      }
      if (jump === undefined) return { rows, last, isTruncated: false };
      last = jump;
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get requests() {
      return requests;
    },
    stored,
    put,
    objects: keysAfter,
    read: bodyOf,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sorts before every name that begins so. */
function beforeOf(inside: string): string {
  return inside === '' ? '' : inside.slice(0, -1);
}

/** The id of the only version of an object. */
export function versionOf(key: string): string {
  return createHash('md5').update(key).digest('hex');
}
