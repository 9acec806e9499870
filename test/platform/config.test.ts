import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RevokeConfig } from '../../lib/containment/config.ts';
import { WebhookConfig } from '../../lib/intake/config.ts';
import { ConfigError, parseConfig } from '../../lib/platform/config.ts';

const webhook = {
  WEBHOOK_SECRET_ID: 'webhook-secret',
  LEAK_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/leaks',
  GITHUB_SECRET_TYPES: 'devin_api_key',
};
const revoke = { ADMIN_TOKEN_SECRET_ID: 'admin-token', AUDIT_BUCKET: 'audit' };

const refusal = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
};

describe('the settings of the webhook', () => {
  test('have defaults', () => {
    expect(parseConfig(WebhookConfig, webhook)).toEqual({
      ...webhook,
      GITHUB_SECRET_TYPES: ['devin_api_key'],
      GITLAB_TOKEN_TYPES: ['gitleaks_rule_id_devin-api-key'],
      DRY_RUN: false,
    });
  });

  test.each([
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [' a , ,b,', ['a', 'b']],
  ])('read the list "%s"', (GITHUB_SECRET_TYPES, expected) => {
    expect(parseConfig(WebhookConfig, { ...webhook, GITHUB_SECRET_TYPES }).GITHUB_SECRET_TYPES).toEqual(
      expected,
    );
  });

  test.each([
    ['true', true],
    ['false', false],
    ['', false],
    [undefined, false],
  ])('read DRY_RUN %j', (DRY_RUN, expected) => {
    expect(parseConfig(WebhookConfig, { ...webhook, DRY_RUN }).DRY_RUN).toBe(expected);
  });

  test.each(['TRUE', 'yes', '1', '0', 'True ', 'on'])('refuse DRY_RUN %j rather than guess', (DRY_RUN) => {
    expect(refusal(() => parseConfig(WebhookConfig, { ...webhook, DRY_RUN }))).toBe(
      'bad configuration: DRY_RUN must be true or false',
    );
  });

  test('are reported together when none is set', () => {
    expect(refusal(() => parseConfig(WebhookConfig, {}))).toBe(
      'bad configuration: WEBHOOK_SECRET_ID is not set; LEAK_QUEUE_URL is not set; GITHUB_SECRET_TYPES is not set',
    );
  });

  test('are reported together when all are wrong, without their values', () => {
    const env = {
      WEBHOOK_SECRET_ID: '',
      LEAK_QUEUE_URL: 'leaks',
      GITHUB_SECRET_TYPES: ' , ',
      DRY_RUN: 'maybe',
    };
    expect(refusal(() => parseConfig(WebhookConfig, env))).toBe(
      'bad configuration: WEBHOOK_SECRET_ID is not set; LEAK_QUEUE_URL must be a URL; GITHUB_SECRET_TYPES must name at least one secret type; DRY_RUN must be true or false',
    );
  });
});

describe('the settings of the worker', () => {
  test('have defaults', () => {
    expect(parseConfig(RevokeConfig, revoke)).toMatchObject({
      ...revoke,
      DEVIN_API_URL: 'https://api.devin.ai',
      GITHUB_API_URL: 'https://api.github.com',
      PROOF_WINDOW_SECONDS: 20,
      DRY_RUN: false,
    });
  });

  test('count as unset when they are empty', () => {
    const empty = {
      DEVIN_API_URL: '',
      GITHUB_API_URL: '',
      GITHUB_TOKEN_SECRET_ID: '',
      PROOF_WINDOW_SECONDS: '',
      DRY_RUN: '',
    };
    expect(parseConfig(RevokeConfig, { ...revoke, ...empty })).toEqual(parseConfig(RevokeConfig, revoke));
    expect(refusal(() => parseConfig(RevokeConfig, { ADMIN_TOKEN_SECRET_ID: '', AUDIT_BUCKET: '' }))).toBe(
      'bad configuration: ADMIN_TOKEN_SECRET_ID is not set; AUDIT_BUCKET is not set',
    );
  });

  test.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['https://api.example.com/', 'https://api.example.com'],
    ['https://api.example.com/api/v3//', 'https://api.example.com/api/v3'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.1.2.3/', 'http://127.1.2.3'],
    ['http://127.10.20.30', 'http://127.10.20.30'],
    ['http://localhost:1', 'http://localhost:1'],
    ['http://[::1]:1', 'http://[::1]:1'],
  ])('accept the base URL %s', (DEVIN_API_URL, expected) => {
    const config = parseConfig(RevokeConfig, { ...revoke, DEVIN_API_URL, GITHUB_API_URL: DEVIN_API_URL });
    expect([config.DEVIN_API_URL, config.GITHUB_API_URL]).toEqual([expected, expected]);
  });

  const rule = 'must be an https URL (http only on a loopback address)';
  test.each([
    'http://api.devin.ai',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://128.0.0.1',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://user@localhost',
    'http://[::2]',
    'https://user:word@api.devin.ai',
    'https://user@api.devin.ai',
    'https://:word@api.devin.ai',
    'https://api.devin.ai?x=1',
    'https://api.devin.ai/#x',
    'ftp://localhost',
    'file:///etc/passwd',
    'javascript:0',
    'api.devin.ai',
    '//api.devin.ai',
    ' ',
  ])('refuse the base URL %j', (url) => {
    expect(
      refusal(() => parseConfig(RevokeConfig, { ...revoke, DEVIN_API_URL: url, GITHUB_API_URL: url })),
    ).toBe(`bad configuration: DEVIN_API_URL ${rule}; GITHUB_API_URL ${rule}`);
  });

  test.each([
    ['0', 0],
    ['53', 53],
    ['007', 7],
  ])('accept the proof window %j', (PROOF_WINDOW_SECONDS, expected) => {
    expect(parseConfig(RevokeConfig, { ...revoke, PROOF_WINDOW_SECONDS }).PROOF_WINDOW_SECONDS).toBe(
      expected,
    );
  });

  test.each([
    ['54', 'must be 53 or less'],
    ['80', 'must be 53 or less'],
    ['-1', 'must be a whole number'],
    ['1.5', 'must be a whole number'],
    ['1e2', 'must be a whole number'],
    ['0x10', 'must be a whole number'],
    [' 5', 'must be a whole number'],
    ['five', 'must be a whole number'],
    ['9999999999', 'must be a whole number'],
  ])('refuse the proof window %j', (PROOF_WINDOW_SECONDS, message) => {
    expect(refusal(() => parseConfig(RevokeConfig, { ...revoke, PROOF_WINDOW_SECONDS }))).toBe(
      `bad configuration: PROOF_WINDOW_SECONDS ${message}`,
    );
  });
});

test('names every bad setting and quotes no value, whatever the values are', () => {
  const CANARY = 'c4n4ry';
  const bad = fc.string().map((text) => `${CANARY}${text}`);
  const names = ['DEVIN_API_URL', 'GITHUB_API_URL', 'PROOF_WINDOW_SECONDS', 'DRY_RUN'] as const;
  const some = fc.subarray([...names], { minLength: 1 });
  fc.assert(
    fc.property(some, bad, (wrong, value) => {
      const env = { ...revoke, ...Object.fromEntries(wrong.map((name) => [name, value])) };
      const message = refusal(() => parseConfig(RevokeConfig, env));
      expect(names.filter((name) => message.includes(name))).toEqual(wrong);
      expect(message).not.toContain(CANARY);
    }),
  );
});
