/** The code of an error, such as the `ECONNRESET` of Node's system errors or that of an error class of ours. */
export function errorCode(error: Error): string | undefined {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : undefined;
}
