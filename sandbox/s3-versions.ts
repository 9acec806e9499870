import type { SandboxAnswer } from './http-server.ts';
import { escapeXml, xml } from './s3-xml.ts';

/** A version as a listing shows it; `at` is in epoch milliseconds. */
export interface ListedVersion {
  readonly key: string;
  readonly at: number;
  readonly bytes: Buffer;
  readonly versionId: string;
  readonly isDeleteMarker: boolean;
}

/** ListObjectVersions over one bucket. @param versions oldest first */
export function listVersions(
  versions: readonly ListedVersion[],
  bucket: string,
  query: URLSearchParams,
): SandboxAnswer {
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('version-id-marker');
  const most = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const all = versions
    .filter(({ key }) => key.startsWith(prefix))
    .reverse()
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const marked = all.findIndex(({ key, versionId }) => key === keyMarker && versionId === idMarker);
  const rest =
    marked >= 0
      ? all.slice(marked + 1)
      : all.filter(({ key }) => Buffer.compare(Buffer.from(key), Buffer.from(keyMarker)) > 0);
  const shown = rest.slice(0, most);
  const before = marked >= 0 ? all[marked] : undefined;
  const last = shown.at(-1);
  const next =
    rest.length > shown.length && last
      ? `<NextKeyMarker>${escapeXml(last.key)}</NextKeyMarker>` +
        `<NextVersionIdMarker>${last.versionId}</NextVersionIdMarker>`
      : '';
  return xml(
    200,
    `<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name>` +
      `<Prefix>${escapeXml(prefix)}</Prefix><MaxKeys>${most}</MaxKeys><IsTruncated>${next !== ''}</IsTruncated>` +
      `${next}${shown.map((version, index) => element(version, (shown[index - 1] ?? before)?.key)).join('')}</ListVersionsResult>`,
  );
}

function element(version: ListedVersion, keyBefore: string | undefined): string {
  const { at, bytes, isDeleteMarker, key, versionId } = version;
  const isLatest = key !== keyBefore;
  const common =
    `<Key>${escapeXml(key)}</Key><VersionId>${versionId}</VersionId><IsLatest>${isLatest}</IsLatest>` +
    `<LastModified>${new Date(at).toISOString()}</LastModified>`;
  return isDeleteMarker
    ? `<DeleteMarker>${common}</DeleteMarker>`
    : `<Version>${common}<Size>${bytes.length}</Size></Version>`;
}
