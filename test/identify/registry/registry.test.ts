import { describe, expect, test } from 'vitest';
import { Token } from '../../../lib/domain/token.ts';
import type { RegistryEntry } from '../../../lib/identify/registry/entry.ts';
import { tokenRegistry } from '../../../lib/identify/registry/registry.ts';
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
    expect(await open(memoryObjects((name) => name === 'get')).registry.find(token)).toBeUndefined();
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
