import { log } from '../platform/log.ts';
import type { AwsEnvironment } from './environment.ts';
import { sdkErrorCode } from './sdk-options.ts';

/** Milliseconds that a mail may take. */
const WITHIN_MS = 10_000;

/**
 * Sends a mail through Amazon SES. It never fails a job. @returns whether SES took it
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 *
 * @param from an address that is verified in SES
 */
export function sesMail(
  aws: AwsEnvironment,
  from: string,
): (to: string, subject: string, text: string) => Promise<boolean> {
  return async (to, subject, text) => {
    const mail = { from, to, subject: subject.replace(/\p{Cc}/gu, ' ').slice(0, 200), text };
    try {
      const { sendWithClient } = await import('./ses-sdk.ts');
      await sendWithClient(aws, mail, Date.now() + WITHIN_MS);
      return true;
    } catch (error) {
      log('error', 'mail not sent', { code: sdkErrorCode(error) });
      return false;
    }
  };
}
