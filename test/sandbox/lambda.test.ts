import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFunctionUrl } from '../../sandbox/function-url.ts';
import { type SandboxFunction, startFunction } from '../../sandbox/lambda.ts';

const bundle = `
let invocations = 0;
exports.handler = async (event, context) => {
  console.log('run ' + (invocations += 1));
  switch (event.do) {
    case 'throw': throw Object.assign(new TypeError('broken', { cause: new Error('the cause') }), { code: 'E1' });
    case 'exit': return process.exit(3);
    case 'hang': return new Promise(() => {});
    case 'environment': return process.env;
    case 'context': return { ...context, remaining: context.getRemainingTimeInMillis() };
    case 'print': for (let line = 0; line < 500; line += 1) console.error('line ' + line); return;
    default: return event;
  }
};
exports.answer = async (event) => event.rawPath === '/broken' ? Promise.reject(new Error('broken')) : ({
  statusCode: 201,
  headers: { 'X-Kind': event.requestContext.http.method },
  body: event.isBase64Encoded ? event.body : Buffer.from(JSON.stringify(event)).toString('base64'),
  isBase64Encoded: true,
});
`;

let dir: string;
let running: SandboxFunction;
const start = (handler = 'handler') => {
  running = startFunction({
    bundle: join(dir, 'index.cjs'),
    env: { COLOUR: 'blue' },
    name: 'revoke',
    handler,
  });
  return running;
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sandbox-'));
  await writeFile(join(dir, 'index.cjs'), bundle);
  start();
});

afterEach(async () => {
  await running.stop();
  await rm(dir, { recursive: true });
});

describe('a function', () => {
  test('stays warm and takes one invocation at a time', async () => {
    const results = await Promise.all([1, 2, 3].map((n) => running.invoke({ n })));
    expect(results).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(running.logs).toEqual(['run 1', 'run 2', 'run 3']);
    await running.stop();
    await running.invoke({});
    expect(running.logs.at(-1)).toBe('run 1');
  });

  test('sees its own environment and nothing of the one around it', async () => {
    const env = await running.invoke({ do: 'environment' });
    expect(env).toMatchObject({ COLOUR: 'blue', AWS_LAMBDA_FUNCTION_NAME: 'revoke' });
    expect(env).not.toHaveProperty('PATH');
  });

  test('gets the context that Lambda gives', async () => {
    const context = await running.invoke({ do: 'context' }, { requestId: 'r1', timeoutMs: 5_000 });
    expect(context).toMatchObject({
      awsRequestId: 'r1',
      functionName: 'revoke',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:revoke',
      memoryLimitInMB: '256',
    });
    const { remaining } = context as { remaining: number };
    expect(remaining).toBeGreaterThan(3_000);
    expect(remaining).toBeLessThanOrEqual(5_000);
  });

  test('rejects with its error and prints it as the runtime does, without the cause', async () => {
    await expect(running.invoke({ do: 'throw' })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'broken',
    });
    const line = running.logs.at(-1) ?? '';
    expect(line).toContain('Invoke Error \t{"errorType":"TypeError","errorMessage":"broken","code":"E1"');
    expect(line).not.toContain('the cause');
  });

  test('has printed everything when its answer arrives', async () => {
    expect(await running.invoke({ do: 'print' })).toBeNull();
    expect(running.logs).toHaveLength(501);
  });

  test('starts cold after an exit and after a time-out', async () => {
    await expect(running.invoke({ do: 'exit' })).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    await expect(running.invoke({ do: 'hang' }, { timeoutMs: 200 })).rejects.toThrow(
      /timed out after 0.20 seconds/,
    );
    expect(await running.invoke({ n: 1 })).toEqual({ n: 1 });
  });

  test('reports a broken initialisation with every invocation', async () => {
    start('absent');
    await expect(running.invoke({})).rejects.toThrow('absent is undefined or not exported');
  });
});

describe('a function URL', () => {
  test('turns HTTP into payload format 2.0 and back', async () => {
    start('answer');
    const server = await startFunctionUrl((event) => running.invoke(event), { sourceIp: '192.0.2.7' });
    const answer = await fetch(`${server.url}/hook?a=1%202`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=utf-8', 'X-Sent': 'Yes' },
      body: '{"ü":1}',
    });
    expect([answer.status, answer.headers.get('x-kind')]).toEqual([201, 'POST']);
    expect(await answer.json()).toMatchObject({
      version: '2.0',
      rawPath: '/hook',
      rawQueryString: 'a=1%202',
      headers: { 'x-sent': 'Yes', 'x-forwarded-for': '192.0.2.7' },
      requestContext: { http: { method: 'POST', path: '/hook', sourceIp: '192.0.2.7' } },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });

    const bytes = Buffer.from([0xff, 0x00, 0x80]);
    const binary = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    });
    expect(Buffer.from(await binary.arrayBuffer())).toEqual(bytes);
    expect((await fetch(`${server.url}/broken`)).status).toBe(502);
    await server.stop();
  });
});
