import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callAws, jsonRequest } from '../../lib/aws/call-aws.ts';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { signatureProblem } from '../../sandbox/aws-signature.ts';
import { type SandboxRequest, type SandboxServer, startServer } from '../../sandbox/http-server.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };
const aws = awsEnvironment({
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
});
const received: SandboxRequest[] = [];
let server: SandboxServer;

beforeEach(async () => {
  received.length = 0;
  server = await startServer({
    handle: (request) => {
      received.push(request);
      return { status: 200, body: 'taken' };
    },
  });
});
afterEach(() => server.stop());

const call = (url = server.url, options: { attempts?: number; deadline?: number } = {}) =>
  callAws(
    aws,
    { service: 'sqs', url, ...jsonRequest('1.0', 'AmazonSQS.SendMessage', { a: 1 }) },
    { deadline: Date.now() + 5_000, attempts: 1, ...options },
  );

describe('a call', () => {
  test('is signed for its service and answered with status and body', async () => {
    expect(await call()).toEqual({ status: 200, body: 'taken', code: 'HTTP 200' });
    const [request] = received;
    if (request === undefined) throw new Error('nothing was sent');
    expect(signatureProblem(request, 'sqs', credentials)).toBeUndefined();
    expect(request.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessage',
    });
    expect(request.body.toString()).toBe('{"a":1}');
  });

  test('that cannot be sent is an error, and no answer', async () => {
    const bad = { service: 'sqs', url: server.url, method: 'POST', headers: { 'x-bad': 'a\nb' } } as const;

    await expect(callAws(aws, bad, { deadline: Date.now() + 5_000 })).rejects.toThrow(TypeError);
    expect(received).toEqual([]);
  });

  test('is retried after an error of the service', async () => {
    server.fault({ status: 503 });
    expect(await call(server.url, { attempts: 2 })).toMatchObject({ status: 200 });
  });
});

describe('a call that fails is an answer with its cause:', () => {
  test('refused', async () => {
    server.fault({ status: 403, body: 'no' });
    expect(await call()).toEqual({ status: 403, body: 'no', code: 'HTTP 403' });
  });

  test('broken off', async () => {
    server.fault({ reset: 'before' });
    expect(await call()).toEqual({ status: undefined, body: '', code: 'ECONNRESET' });
  });

  test('hanging, within the time', async () => {
    server.fault({ delayMs: 30_000 });
    expect(await call(server.url, { deadline: Date.now() + 200 })).toMatchObject({ code: 'timeout' });
  });

  test.each([
    ['', 'invalid_url'],
    ['not a URL', 'invalid_url'],
    ['ftp://127.0.0.1', 'protocol'],
  ])('to "%s"', async (url, code) => {
    expect(await call(url)).toEqual({ status: undefined, body: '', code });
  });
});
