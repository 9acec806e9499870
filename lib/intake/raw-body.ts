/**
 * The bytes as they were sent, which are what the sender signed: a function URL passes the body on as text or as base64.
 *
 * @returns `undefined` when there are more than `maxBytes`
 */
export function rawBody(
  { body = '', isBase64Encoded }: { body?: string | undefined; isBase64Encoded?: boolean },
  maxBytes: number,
): Buffer | undefined {
  // Base64 has four characters for three bytes, UTF-8 at least one byte for a character.
  if (body.length > (isBase64Encoded ? Math.ceil(maxBytes / 3) * 4 : maxBytes)) return undefined;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return bytes.length > maxBytes ? undefined : bytes;
}
