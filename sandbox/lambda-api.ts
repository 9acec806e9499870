import { randomUUID } from 'node:crypto';
import { type SandboxServer, startServer } from './http-server.ts';

/** `clientContext` is what the caller says of itself. */
export type Invocation = { requestId: string; clientContext?: object };

const INVOKE = /^\/2015-03-31\/functions\/([\w-]+)\/invocations$/;

/**
 * Lambda's Invoke API for these functions, so that `aws lambda invoke --endpoint-url` and the SDK work.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function startLambdaApi(
  functions: Readonly<Record<string, (event: unknown, invocation: Invocation) => Promise<unknown>>>,
): Promise<SandboxServer> {
  return startServer({
    describe: () => ({ operation: 'Invoke' }),
    handle: async ({ body, headers, path }) => {
      const invoke = functions[INVOKE.exec(path)?.[1] ?? ''];
      if (invoke === undefined) {
        const type = { 'x-amzn-errortype': 'ResourceNotFoundException' };
        return { status: 404, headers: type, body: { Type: 'User', Message: 'no such function' } };
      }
      const said = headers['x-amz-client-context'];
      const clientContext =
        typeof said === 'string' ? JSON.parse(Buffer.from(said, 'base64').toString()) : undefined;
      const invocation = { requestId: randomUUID(), ...(clientContext && { clientContext }) };
      try {
        const answer = await invoke(JSON.parse(body.toString() || '{}'), invocation);
        return { status: 200, body: JSON.stringify(answer) ?? 'null' };
      } catch (error) {
        const { message, name: errorType } = error instanceof Error ? error : new Error(String(error));
        const thrown = { 'x-amz-function-error': 'Unhandled' };
        return { status: 200, headers: thrown, body: { errorType, errorMessage: message } };
      }
    },
  });
}
