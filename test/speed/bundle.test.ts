import { readdirSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';

// A cold start compiles the whole bundle, about 20 KiB in a millisecond, so its size is a promise.

const ROOT = join(import.meta.dirname, '..', '..');
const options: () => BuildOptions = createRequire(import.meta.url)('../../esbuild.config.cjs');
const LIMIT_KIB: Readonly<Record<string, number>> = { revoke: 137, webhook: 64, 'sweep-keys': 112 };

/** Each costs milliseconds of every cold start, and is not needed. */
const BANNED = [
  // The SDK's clients lie beside the bundle (lib/aws/*-sdk.ts).
  /@aws-sdk\//,
  // of the SDK's common parts, all but what its signer is made of
  /@smithy\/(?!signature-v4\/|core\/dist-[^/]+\/submodules\/(?:client|protocols|serde|transport)\/|types\/)/,
  // the whole of zod, with all its languages, instead of zod/mini
  /zod\/v4\/(classic|locales)\//,
  /\bundici\b/,
];
/** What is left of a module that is loaded late when nothing of it is used: `var a=b(()=>{});` */
const HOLLOW_BYTES = 24;
/** Parts of Node itself that take long to load. */
const BANNED_BUILTINS = /^node:(zlib|http2|child_process|worker_threads|fs\/promises|readline|dns)/;

/** The files beside its bundle that a function loads when it needs them. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  webhook: ['gitlab', 'secrets-sdk', 'standard-webhooks'],
  revoke: [
    'combine-leaks',
    'escalate-secret',
    'follow-all',
    'handle-dead-token',
    'kill-switch',
    'open-event',
    'read-history',
    'read-other-message',
    'recheck-before-delete',
    'recheck-note',
    'rehearse',
    'revoke-candidates',
    's3-sdk',
    'secrets-sdk',
    'sns-sdk',
    'target-by-search',
  ],
  'sweep-keys': ['record-act', 's3-sdk', 'secrets-sdk', 'ses-sdk', 'sns-sdk'],
  'sweep-alerts': ['s3-sdk', 'secrets-sdk'],
  digest: ['kms-sdk', 's3-sdk', 'secrets-sdk', 'sns-sdk'],
  reconcile: ['s3-sdk', 'secrets-sdk'],
  enroll: ['list-secrets-sdk', 'secrets-sdk'],
  drill: ['secrets-sdk', 'sns-sdk'],
};
const functions = readdirSync(join(ROOT, 'handlers')).flatMap((file) => /^(.*)\.ts$/.exec(file)?.[1] ?? []);

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
    expect(output.bytes / 1024).toBeLessThan(LIMIT_KIB[name] ?? 110);
  });

  test('holds nothing that a cold start does not need', () => {
    const held = Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > HOLLOW_BYTES && BANNED.some((banned) => banned.test(path)) ? [path] : [],
    );
    expect(held).toEqual([]);
  });

  test('imports no slow part of Node', () => {
    const slow = output.imports.filter(({ path }) => BANNED_BUILTINS.test(path));
    expect(slow).toEqual([]);
  });

  test('is one file, but for those beside it, which it loads when it needs them', () => {
    const imports = output.imports.filter(({ path }) => !isBuiltin(path));
    const others = [...new Map(imports.map((file) => [file.path, file])).values()];
    const beside = BESIDE[name]?.map((file) => ({
      path: `./${file}.cjs`,
      kind: 'dynamic-import',
      external: true,
    }));
    const paths = new Map(others.map((other) => [other.path, other]));
    expect([...paths.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual(beside);
  });
});
