import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Token } from '../../../lib/domain/token.ts';
import type { RegistryEntry } from '../../../lib/identify/registry/entry.ts';
import { tokenRegistry } from '../../../lib/identify/registry/registry.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';
import { memoryObjects } from '../../support/memory-objects.ts';

const token = new Token(['cog', 'not-a-real-one'].join('_'));
const path = `registry/${token.fingerprint()}.json`;
const entry: RegistryEntry = {
  version: 1,
  service_user_id: 'service-user-a',
  api_key_id: 'key-a',
  confidence: 'high',
  source: 'enrolled',
  method: 'only_active_key',
  noted_at: 1,
};
const open = (memory = memoryObjects()) => ({
  ...memory,
  registry: tokenRegistry(memory.store, { deadline: Date.now() + 10_000 }),
});

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

describe('the registry', () => {
  test('finds an entry by one request', async () => {
    const { registry, requests } = open();
    await registry.note(token, entry);
    requests.length = 0;

    expect(await registry.find(token)).toEqual(entry);
    expect(requests).toEqual([`get ${path}`]);
  });

  test('stores ids, and nothing of the token', async () => {
    const { objects, registry } = open();
    const more = { ...entry, token: token.reveal() };

    expect(await registry.note(token, more)).toBe('stored');
    expect([...objects.keys()]).toEqual([path]);
    expect(JSON.parse(objects.get(path)?.text ?? '')).toEqual(entry);
  });

  test('finds nothing where there is no entry, where it is not readable, and where the bucket is down', async () => {
    const { objects, registry } = open();
    expect(await registry.find(token)).toBeUndefined();
    objects.set(path, { text: '{"version":1}', etag: '"x"' });
    expect(await registry.find(token)).toBeUndefined();
    expect(output.text()).toBe('');
    expect(await open(memoryObjects((name) => name === 'get')).registry.find(token)).toBeUndefined();
    expect(output.entries()).toMatchObject([{ level: 'warn', reason: 'HTTP 503' }]);
  });

  test('notes after a look by one request, and looks again only at what changed meanwhile', async () => {
    const { objects, registry, requests } = open();
    await registry.note(token, { ...entry, confidence: 'medium' });
    await registry.find(token);
    requests.length = 0;
    expect(await registry.note(token, { ...entry, confidence: 'high' })).toBe('stored');
    expect(requests).toEqual([`put ${path}`]);

    requests.length = 0;
    expect(await registry.note(token, { ...entry, confidence: 'certain' })).toBe('stored');
    expect(requests).toEqual([`put ${path}`, `get ${path}`, `put ${path}`]);

    objects.delete(path);
    await registry.find(token);
    requests.length = 0;
    expect(await registry.note(token, entry)).toBe('stored');
    expect(requests).toEqual([`put ${path}`]);
  });

  test('takes no longer than three seconds for a call, nor than its deadline', async () => {
    vi.useFakeTimers({ now: 1_000 });
    const limits: unknown[] = [];
    const store = {
      get: async (_path: string, limit: object) => {
        limits.push(limit);
        return { ok: true, found: undefined } as const;
      },
      put: async (_path: string, _value: object, _etag: string | undefined, limit: object) => {
        limits.push(limit);
        return { result: 'stored', etag: '"1"' } as const;
      },
    };
    const [late, soon] = [60_000, 2_000].map((deadline) => tokenRegistry(store, { deadline }));
    await late?.find(token);
    await late?.note(token, entry);
    await soon?.find(token);
    vi.useRealTimers();

    expect(limits).toEqual(
      [4_000, 4_000, 2_000].map((deadline) => ({ deadline, attempts: 3, timeoutMs: 1_500 })),
    );
  });

  test('keeps an entry that is as strong, and replaces one that is weaker, stale or unreadable', async () => {
    const { objects, registry } = open();
    await registry.note(token, { ...entry, confidence: 'medium' });

    expect(await registry.note(token, entry)).toBe('stored');
    expect(await registry.note(token, { ...entry, api_key_id: 'key-b' })).toBe('kept');
    expect(await registry.find(token)).toEqual(entry);
    const stale = { isStale: ({ api_key_id }: RegistryEntry) => api_key_id === 'key-a' };
    expect(await registry.note(token, { ...entry, api_key_id: 'key-b' }, stale)).toBe('stored');
    expect(await registry.find(token)).toMatchObject({ api_key_id: 'key-b' });
    objects.set(path, { text: 'not JSON', etag: '"x"' });
    expect(await registry.note(token, entry)).toBe('stored');
    expect(await registry.find(token)).toEqual(entry);
  });

  test('judges again when another entry came in between', async () => {
    const memory = memoryObjects();
    const { registry } = open(memory);
    await registry.note(token, { ...entry, confidence: 'medium' });
    const other = tokenRegistry(memory.store, { deadline: Date.now() + 10_000 });
    let isFirst = true;
    const racing = tokenRegistry(
      {
        ...memory.store,
        async get(...given) {
          const answer = await memory.store.get(...given);
          if (isFirst) await other.note(token, { ...entry, api_key_id: 'key-b', confidence: 'certain' });
          isFirst = false;
          return answer;
        },
      },
      { deadline: Date.now() + 10_000 },
    );

    expect(await racing.note(token, entry)).toBe('kept');
    expect(await registry.find(token)).toMatchObject({ api_key_id: 'key-b', confidence: 'certain' });
  });

  test('reports what it could not store', async () => {
    expect(await open(memoryObjects((name) => name === 'put')).registry.note(token, entry)).toBe('failed');
  });

  test('replaces nothing that it cannot read', async () => {
    const { objects, registry, requests } = open(memoryObjects((name) => name === 'get'));
    objects.set(path, { text: JSON.stringify(entry), etag: '"x"' });

    expect(await registry.note(token, { ...entry, confidence: 'certain' })).toBe('failed');
    expect(requests).toEqual([`put ${path}`, `get ${path}`]);
  });

  test('gives up after four puts that another one came before', async () => {
    const memory = memoryObjects();
    let version = 0;
    const get = async () => ({ ok: true, found: { text: '', etag: `"v${++version}"` } }) as const;
    memory.objects.set(path, { text: '', etag: '"other"' });
    const { registry, requests } = open({ ...memory, store: { ...memory.store, get } });

    expect(await registry.note(token, entry)).toBe('failed');
    expect(requests).toEqual(Array(4).fill(`put ${path}`));
  });

  test('recalls what earlier versions noted, for a token that has no entry', async () => {
    const { objects, registry } = open();
    const former = {
      service_user_id: 'service-user-a',
      api_key_id: 'key-z',
      confidence: 'high',
      report_id: 'r/1',
    };
    objects.set(`tokens/${token.fingerprint()}.json`, { text: JSON.stringify(former), etag: '"f"' });

    expect(await registry.find(token)).toBeUndefined();
    expect(await registry.recall(token)).toEqual({
      version: 1,
      ...former,
      source: 'leak',
      method: 'revocation',
    });
    await registry.note(token, entry);
    expect(await registry.recall(token)).toEqual(entry);
  });
});
