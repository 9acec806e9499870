import { randomBytes } from 'node:crypto';
import type { SandboxAnswer } from './http-server.ts';

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES[c] ?? c);

export function xml(status: number, content: string): SandboxAnswer {
  const headers = { 'content-type': 'application/xml', 'x-amz-request-id': requestId() };
  return { status, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${content}` };
}

const requestId = () => randomBytes(8).toString('hex').toUpperCase();

const STANDARD: Record<number, [code: string, message: string]> = {
  400: ['InvalidRequest', 'Invalid Request'],
  403: ['AccessDenied', 'Access Denied'],
  404: ['NoSuchKey', 'The specified key does not exist.'],
  409: [
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation.',
  ],
  412: ['PreconditionFailed', 'At least one of the pre-conditions you specified did not hold'],
  500: ['InternalError', 'We encountered an internal error. Please try again.'],
  503: ['SlowDown', 'Please reduce your request rate.'],
};

/** S3's error document; a status alone gets the code that S3 most often sends with it. */
export function s3Error(status: number, code?: string, message?: string): SandboxAnswer {
  const [standardCode, standardMessage] = STANDARD[status] ?? ['InternalError', 'Refused by the sandbox'];
  return xml(
    status,
    `<Error><Code>${code ?? standardCode}</Code><Message>${escapeXml(message ?? standardMessage)}</Message>` +
      `<RequestId>${requestId()}</RequestId></Error>`,
  );
}
