import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

/** Sends a mail with the SDK's client. @param deadline epoch milliseconds @throws the client's own errors */
export async function sendWithClient(
  aws: AwsEnvironment,
  mail: { readonly from: string; readonly to: string; readonly subject: string; readonly text: string },
  deadline: number,
): Promise<void> {
  const client = new SESv2Client(sdkOptions(aws, 'SESV2', { attempts: 4, timeoutMs: 5_000 }));
  const message = {
    FromEmailAddress: mail.from,
    Destination: { ToAddresses: [mail.to] },
    Content: {
      Simple: {
        Subject: { Data: mail.subject, Charset: 'UTF-8' },
        Body: { Text: { Data: mail.text, Charset: 'UTF-8' } },
      },
    },
  };
  try {
    await client.send(new SendEmailCommand(message), abortAt(deadline));
  } finally {
    client.destroy();
  }
}
