import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import type { Sandbox } from '../../sandbox/index.ts';

/** Seals a token as a sender does with `aws kms encrypt`. @param context the report that it is sealed for */
export async function sealAsSender(
  { kms, ...sandbox }: Pick<Sandbox, 'env' | 'kms'>,
  token: string,
  report_id: string,
  context = report_id,
): Promise<{ report_id: string; ciphertext: string }> {
  const env = sandbox.env();
  const client = new KMSClient({
    region: 'us-east-1',
    endpoint: kms.url,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: env.AWS_SESSION_TOKEN ?? '',
    },
  });
  const command = new EncryptCommand({
    KeyId: kms.sealingKeyArn,
    Plaintext: Buffer.from(token),
    EncryptionContext: { report_id: context },
  });
  const { CiphertextBlob = new Uint8Array() } = await client.send(command);
  return { report_id, ciphertext: Buffer.from(CiphertextBlob).toString('base64') };
}
