import { randomUUID } from 'node:crypto';
import type { SandboxAnswer, SandboxRequest } from './http-server.ts';
import { escapeXml } from './s3-xml.ts';

// AWS's query protocol: a form in, XML out. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html

export const queryInput = ({ body }: SandboxRequest) => new URLSearchParams(body.toString());

/** @param result the XML of the result's members */
export function queryAnswer(namespace: string, action: string, result: string): SandboxAnswer {
  return xml(
    200,
    `<${action}Response xmlns="${namespace}"><${action}Result>${result}</${action}Result>` +
      `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`,
  );
}

export function queryError(namespace: string, status: number, code: string, message: string): SandboxAnswer {
  return xml(
    status,
    `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>${code}</Code>` +
      `<Message>${escapeXml(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  );
}

function xml(status: number, body: string): SandboxAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
