import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';

// A cold start compiles the whole bundle, about 20 KiB in a millisecond, so its size is a promise.

const ROOT = join(import.meta.dirname, '..', '..');
const options: () => BuildOptions = createRequire(import.meta.url)('../../esbuild.config.cjs');
const LIMIT_KIB: Readonly<Record<string, number>> = { revoke: 235, webhook: 200 };

/** Each costs milliseconds of every cold start, and is not needed. */
const BANNED = [
  // credentials from files, SSO, other accounts or instance metadata: Lambda's are in the environment
  /@aws-sdk\/(credential-provider|nested-clients|token-providers)/,
  // the SDK's own way to send, with HTTP/2 (lib/aws-transport.ts sends)
  /@smithy\/node-http-handler/,
  // event streams and their checksums
  /@smithy\/core\/dist-[^/]+\/submodules\/(checksum|event-streams)\//,
  /@aws-sdk\/(xml-builder|client-s3|client-sqs)/,
  // settings from ~/.aws
  /loadSharedConfigFiles/,
  // the whole of zod, with all its languages, instead of zod/mini
  /zod\/v4\/(classic|locales)\//,
  /\bundici\b/,
];
/** Parts of Node itself that take long to load. */
const BANNED_BUILTINS = /^node:(zlib|http2|child_process|worker_threads|fs\/promises|readline|dns)/;

const functions = readdirSync(join(ROOT, 'handlers')).map((file) => file.replace('.ts', ''));

describe.each(functions)('the bundle of %s', (name) => {
  let output: Metafile['outputs'][string];

  beforeAll(async () => {
    const { metafile } = await build({
      ...options(),
      absWorkingDir: ROOT,
      entryPoints: [`handlers/${name}.ts`],
      outdir: 'dist/speed',
      write: false,
      metafile: true,
    });
    const [only] = Object.values(metafile?.outputs ?? {});
    if (only === undefined) throw new Error('nothing was built');
    output = only;
  });

  test('stays within its size', () => {
    expect(output.bytes / 1024).toBeLessThan(LIMIT_KIB[name] ?? 235);
  });

  test('holds nothing that a cold start does not need', () => {
    const held = Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 && !path.startsWith('unused:') && BANNED.some((banned) => banned.test(path))
        ? [path]
        : [],
    );
    expect(held).toEqual([]);
  });

  test('imports no slow part of Node', () => {
    const slow = output.imports.filter(({ path }) => BANNED_BUILTINS.test(path));
    expect(slow).toEqual([]);
  });

  test('is one file', () => {
    const others = output.imports.filter(({ external }) => external !== true);
    expect(others).toEqual([]);
  });
});
