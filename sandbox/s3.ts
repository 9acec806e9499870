import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type AwsCredentials, signatureProblem } from './aws-signature.ts';
import { type SandboxAnswer, type SandboxRequest, type ServerKnobs, startServer } from './http-server.ts';
import { listObjects } from './s3-list.ts';
import { listVersions } from './s3-versions.ts';
import { s3Error } from './s3-xml.ts';

export type S3Object = {
  key: string;
  body: string;
  /** content-type, metadata, object lock and the rest of what was sent with it */
  headers: Record<string, string>;
  /** when it was stored, epoch milliseconds */
  at: number;
};

type StoredVersion = S3Object & {
  bucket: string;
  versionId: string;
  bytes: Buffer;
  isDeleteMarker: boolean;
};

export type S3Options = {
  latencyMs?: number;
  /** every object is also written to this folder, for people to read */
  dir?: string | undefined;
  /** when given, requests have to be signed with them */
  credentials?: AwsCredentials | undefined;
};

export type S3 = Awaited<ReturnType<typeof startS3>>;

/** A stand-in for S3 with path-style addresses, versions, conditional writes and Object Lock. */
export async function startS3(options: S3Options = {}) {
  const knobs: ServerKnobs = { latencyMs: options.latencyMs ?? 0, onRequest: undefined };
  /** oldest first */
  const versions: StoredVersion[] = [];

  /** the latest version of each object; a bucket of a large sweep is not searched for each request */
  const newest = new Map<string, StoredVersion>();
  const place = (bucket: string, key: string) => `${bucket}/${key}`;
  const latest = (bucket: string, key: string) => newest.get(place(bucket, key));
  const current = () =>
    versions.filter(
      (version) => !version.isDeleteMarker && newest.get(place(version.bucket, version.key)) === version,
    );
  const add = (version: StoredVersion): void => {
    versions.push(version);
    newest.set(place(version.bucket, version.key), version);
  };

  async function handle(request: SandboxRequest): Promise<SandboxAnswer> {
    const problem = signatureProblem(request, 's3', options.credentials);
    if (problem !== undefined) return s3Error(403, 'SignatureDoesNotMatch', problem);
    const { operation, bucket, key } = address(request);
    switch (operation) {
      case 'ListObjectsV2':
        return listObjects(
          current().filter((version) => version.bucket === bucket),
          bucket,
          request.query,
        );
      case 'ListObjectVersions':
        return listVersions(
          versions.filter((version) => version.bucket === bucket),
          bucket,
          request.query,
        );
      case 'PutObject':
        return put(bucket, key, request);
      case 'GetObject':
      case 'HeadObject':
        return get(bucket, key, request);
      case 'DeleteObject':
        return remove(bucket, key, request);
      default:
        return s3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
    }
  }

  async function put(bucket: string, key: string, request: SandboxRequest): Promise<SandboxAnswer> {
    const existing = latest(bucket, key);
    if (request.headers['if-none-match'] === '*' && existing !== undefined && !existing.isDeleteMarker) {
      return s3Error(412);
    }
    const expected = request.headers['if-match'];
    if (expected !== undefined) {
      if (existing === undefined || existing.isDeleteMarker) return s3Error(404);
      if (expected !== etag(existing.bytes)) return s3Error(412);
    }
    const refusal = checksumProblem(request) ?? policyProblem(key, request);
    if (refusal !== undefined) return refusal;
    const version = { ...newVersion(bucket, key, request.body), headers: keptHeaders(request) };
    add(version);
    if (options.dir !== undefined) await writeTo(options.dir, key, request.body);
    return { status: 200, headers: { etag: etag(request.body), 'x-amz-version-id': version.versionId } };
  }

  function get(bucket: string, key: string, request: SandboxRequest): SandboxAnswer {
    const id = request.query.get('versionId');
    const version = id ? versions.find(({ versionId }) => versionId === id) : latest(bucket, key);
    if (version === undefined || version.isDeleteMarker) {
      const refusal = s3Error(404);
      return request.method === 'HEAD' ? { status: 404 } : refusal;
    }
    const headers = {
      'content-type': 'binary/octet-stream',
      ...version.headers,
      etag: etag(version.bytes),
      'last-modified': new Date(version.at).toUTCString(),
      'x-amz-version-id': version.versionId,
      'content-length': String(version.bytes.length),
    };
    return { status: 200, headers, body: request.method === 'HEAD' ? undefined : version.bytes };
  }

  /** Without a version it only adds a delete marker, which Object Lock does not prevent. */
  function remove(bucket: string, key: string, request: SandboxRequest): SandboxAnswer {
    const id = request.query.get('versionId');
    if (id === null) {
      const marker = { ...newVersion(bucket, key, Buffer.alloc(0)), isDeleteMarker: true };
      add(marker);
      return {
        status: 204,
        headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId },
      };
    }
    const index = versions.findIndex(({ versionId }) => versionId === id);
    const version = versions[index];
    if (version !== undefined && isLocked(version)) {
      return s3Error(403, 'AccessDenied', 'Access Denied because object protected by object lock.');
    }
    if (version !== undefined) drop(version, index);
    return { status: 204 };
  }

  function drop({ bucket, key }: StoredVersion, index: number): void {
    versions.splice(index, 1);
    const before = versions.findLast((version) => version.bucket === bucket && version.key === key);
    if (before === undefined) newest.delete(place(bucket, key));
    else newest.set(place(bucket, key), before);
  }

  const server = await startServer({
    knobs,
    describe: (request) => ({ operation: address(request).operation }),
    refuse: (status) => s3Error(status),
    handle,
  });

  const shown = ({ key, body, headers, at }: S3Object): S3Object => ({ key, body, headers, at });
  return Object.assign(knobs, server, {
    /** what is stored now, in the order in which it was stored */
    objects: (prefix = ''): S3Object[] =>
      current()
        .filter(({ key }) => key.startsWith(prefix))
        .map(shown),
    get: (key: string): S3Object | undefined => {
      const version = current().find((candidate) => candidate.key === key);
      return version && shown(version);
    },
    /** What only the owner of the account can do, past Object Lock and every policy; for tests of what shows it. */
    owner: {
      /** Removes every version of the objects with a prefix. */
      erase(prefix: string): void {
        for (const version of versions.filter(({ key }) => key.startsWith(prefix))) {
          drop(version, versions.indexOf(version));
        }
      },
      /** Stores a version, over what is there. @param at epoch milliseconds */
      write(bucket: string, key: string, body: string | Buffer, at = Date.now()): void {
        add({ ...newVersion(bucket, key, Buffer.from(body)), at });
      },
      /** Stores a delete marker. */
      hide(bucket: string, key: string): void {
        add({ ...newVersion(bucket, key, Buffer.alloc(0)), isDeleteMarker: true });
      },
    },
  });
}

function address(request: SandboxRequest): { operation: string; bucket: string; key: string } {
  const [bucket = '', ...segments] = request.path.slice(1).split('/');
  const key = decodeURIComponent(segments.join('/'));
  const operations: Record<string, string> =
    key === ''
      ? { GET: request.query.has('versions') ? 'ListObjectVersions' : 'ListObjectsV2' }
      : { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' };
  return { operation: operations[request.method] ?? 'unknown', bucket, key };
}

function newVersion(bucket: string, key: string, bytes: Buffer): StoredVersion {
  return {
    bucket,
    key,
    bytes,
    body: bytes.toString(),
    headers: {},
    at: Date.now(),
    versionId: randomBytes(16).toString('hex'),
    isDeleteMarker: false,
  };
}

function checksumProblem({ headers, body }: SandboxRequest): SandboxAnswer | undefined {
  const sums = { 'x-amz-checksum-sha256': 'sha256', 'content-md5': 'md5' } as const;
  for (const [name, algorithm] of Object.entries(sums)) {
    const stated = headers[name];
    if (stated !== undefined && stated !== createHash(algorithm).update(body).digest('base64')) {
      return s3Error(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`);
    }
  }
  const hasSum = Object.keys(headers).some(
    (name) => name === 'content-md5' || name.startsWith('x-amz-checksum-'),
  );
  if (headers['x-amz-object-lock-mode'] !== undefined && !hasSum) {
    const message =
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters';
    return s3Error(400, 'InvalidRequest', message);
  }
  return undefined;
}

/** As the policy of the audit bucket: a write that is not conditional is denied. */
function policyProblem(key: string, { headers }: SandboxRequest): SandboxAnswer | undefined {
  const isReplaceable = /^(?:registry|experiments)\//.test(key) && headers['if-match'] !== undefined;
  return headers['if-none-match'] === undefined && !isReplaceable
    ? s3Error(403, 'AccessDenied', 'Access Denied: an explicit deny in a resource-based policy')
    : undefined;
}

function keptHeaders(request: SandboxRequest): Record<string, string> {
  const kept =
    /^(content-type|content-encoding|cache-control|x-amz-(meta|object-lock|checksum|server-side-encryption).*)$/;
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      kept.test(name) ? [[name, String(value)]] : [],
    ),
  );
}

function isLocked({ headers }: StoredVersion): boolean {
  if (headers['x-amz-object-lock-legal-hold'] === 'ON') return true;
  const until = headers['x-amz-object-lock-retain-until-date'];
  return until !== undefined && Date.parse(until) > Date.now();
}

const etag = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

async function writeTo(dir: string, key: string, bytes: Buffer): Promise<void> {
  const path = join(dir, ...key.split('/').filter((segment) => segment !== '' && segment !== '..'));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
