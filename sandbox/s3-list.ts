import { createHash } from 'node:crypto';
import type { SandboxAnswer } from './http-server.ts';
import { escapeXml, xml } from './s3-xml.ts';

/** What a listing shows of an object; `at` is in epoch milliseconds. */
export interface ListedObject {
  readonly key: string;
  readonly at: number;
  readonly bytes: Buffer;
}

type Entry = { isPrefix: true; name: string } | { isPrefix: false; name: string; version: ListedObject };

/** ListObjectsV2 over the objects of one bucket. */
export function listObjects(objects: ListedObject[], bucket: string, query: URLSearchParams): SandboxAnswer {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const start =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const most = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : escapeXml;

  const rest = entries(objects, prefix, delimiter).filter(({ name }) => byteOrder(name, start) > 0);
  const shown = rest.slice(0, most);
  const last = shown.at(-1);
  const next =
    rest.length > shown.length && last
      ? `<NextContinuationToken>${Buffer.from(last.name).toString('base64url')}</NextContinuationToken>`
      : '';
  return xml(
    200,
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name>` +
      `<Prefix>${encode(prefix)}</Prefix><KeyCount>${shown.length}</KeyCount><MaxKeys>${most}</MaxKeys>` +
      `<IsTruncated>${next !== ''}</IsTruncated>${next}${shown.map((entry) => element(entry, encode)).join('')}` +
      '</ListBucketResult>',
  );
}

function entries(objects: ListedObject[], prefix: string, delimiter: string): Entry[] {
  const found = new Map<string, Entry>();
  for (const version of objects) {
    const { key } = version;
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const name = cut < 0 ? key : key.slice(0, cut + delimiter.length);
    found.set(name, cut < 0 ? { isPrefix: false, name, version } : { isPrefix: true, name });
  }
  return [...found.values()].sort((a, b) => byteOrder(a.name, b.name));
}

function element(entry: Entry, encode: (text: string) => string): string {
  if (entry.isPrefix) return `<CommonPrefixes><Prefix>${encode(entry.name)}</Prefix></CommonPrefixes>`;
  const { at, bytes } = entry.version;
  return (
    `<Contents><Key>${encode(entry.name)}</Key><LastModified>${new Date(at).toISOString()}</LastModified>` +
    `<ETag>&quot;${createHash('md5').update(bytes).digest('hex')}&quot;</ETag><Size>${bytes.length}</Size>` +
    '<StorageClass>STANDARD</StorageClass></Contents>'
  );
}

const byteOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
