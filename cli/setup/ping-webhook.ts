import { randomUUID } from 'node:crypto';
import { type ReadSecret, SecretError } from '../../lib/aws/secrets.ts';
import { sign } from '../../lib/intake/signature.ts';
import { secretOf } from '../../lib/intake/webhook-secrets.ts';
import { HttpFailure } from '../../lib/platform/http.ts';
import { sendRetrying } from '../../lib/platform/retry.ts';
import { type Finding, missing, ok, unknown } from './finding.ts';

const SECRET = 'webhook secret';
const URL_CHECK = 'webhook';

/** The secret that GitHub signs with, or what is wrong with it. */
export async function readWebhookSecret(
  read: ReadSecret,
  id: string,
): Promise<{ readonly finding: Finding; readonly secret?: string }> {
  try {
    const secret = secretOf(await read(id), 'github');
    return secret === ''
      ? { finding: missing(SECRET, 'it is empty', 'put a long random text into it') }
      : { finding: ok(SECRET, 'is there'), secret };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    return error.code === 'ResourceNotFoundException'
      ? { finding: missing(SECRET, 'it has no value', 'put a long random text into it') }
      : {
          finding: unknown(SECRET, error.message, 'your AWS credentials need secretsmanager:GetSecretValue'),
        };
  }
}

/** Sends the webhook a ping as GitHub signs it, which queues nothing. @param deadline epoch milliseconds */
export async function pingWebhook(url: string, secret: string, deadline: number): Promise<Finding> {
  const body = Buffer.from(JSON.stringify({ zen: 'Keep it logically awesome.' }));
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'devin-key-revoker',
    'x-github-event': 'ping',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': sign(body, secret),
  };
  try {
    // A cold start is within it.
    const retry = { deadline, attempts: 3, timeoutMs: 15_000 };
    const { response } = await sendRetrying({ method: 'POST', url: new URL(url), headers, body }, retry);
    return judge(response.status);
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    return unknown(
      URL_CHECK,
      `no answer (${error.code})`,
      'is the URL right, and can this machine reach it?',
    );
  }
}

function judge(status: number): Finding {
  switch (status) {
    case 200:
      return ok(URL_CHECK, 'a ping that is signed with its secret is answered 200');
    case 401:
      return missing(
        URL_CHECK,
        "it does not accept the stack's secret (HTTP 401)",
        'was the secret changed a moment ago? Run it again in a minute',
      );
    case 403:
      return missing(
        URL_CHECK,
        'the function URL is not public (HTTP 403)',
        'deploy again: both permissions of the function URL are in the template',
      );
    case 503:
      return unknown(
        URL_CHECK,
        'it cannot read its secret, or has no queue (HTTP 503)',
        'see the log of the function webhook',
      );
    default:
      return unknown(URL_CHECK, `answered with HTTP ${status}`, 'see the log of the function webhook');
  }
}
