import { describe, expect, test } from 'vitest';
import { ApiKeyId, ServiceUserId } from '../../lib/domain/key.ts';

const body = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst';
const takes = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean =>
  schema.safeParse(value).success;
/** What means something in a path, a query or a header, and in none of the ids. */
const HOSTILE = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  'a?b',
  'a#b',
  'a%2e',
  'a b',
  'a\r\nb',
  'a\n',
  'ä',
  'a\0',
  7,
  null,
];

describe('the id of a service user', () => {
  test.each(['service-user-a', 'service-user-A_0-z', `service-user-${'A'.repeat(128)}`])(
    'may be %s',
    (id) => {
      expect(takes(ServiceUserId, id)).toBe(true);
    },
  );
  test.each([
    ...HOSTILE.map((id) => (typeof id === 'string' ? `service-user-${id}` : id)),
    'a',
    'xservice-user-a',
    `service-user-${'A'.repeat(129)}`,
    `service-user-${body}`,
  ])('may not be %j', (id) => {
    expect(takes(ServiceUserId, id)).toBe(false);
  });
});

describe('the id of a key', () => {
  test.each(['a', 'key-1', 'a.b~c_D', '.a', 'A'.repeat(256)])('may be %s', (id) => {
    expect(takes(ApiKeyId, id)).toBe(true);
  });
  test.each([...HOSTILE, '...', 'A'.repeat(257), body, `cog_${body}`])('may not be %j', (id) => {
    expect(takes(ApiKeyId, id)).toBe(false);
  });
});
