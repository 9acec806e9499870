import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

// The job as most people would write it: SDK clients, `fetch`, one call after another.

const secrets = new SecretsManagerClient({});
const s3 = new S3Client({ forcePathStyle: true });

interface Event {
  service_user_id: string;
  api_key_id: string;
  token: string;
}

export const handler = async (event: Event, context: { awsRequestId: string }) => {
  const { service_user_id, api_key_id, token } = event;
  const secret = await secrets.send(
    new GetSecretValueCommand({ SecretId: process.env.ADMIN_TOKEN_SECRET_ID ?? '' }),
  );
  const admin = secret.SecretString ?? '';

  const self = await call('GET', '/v3/self', token);
  const owner: { service_user_id?: string } = JSON.parse(await self.text());
  if (owner.service_user_id !== service_user_id) throw new Error('the token belongs to somebody else');

  await record(`${context.awsRequestId}/10-intent`, { status: 'intent', service_user_id, api_key_id });
  const revoked = await call(
    'DELETE',
    `/v3beta1/enterprise/service-users/${service_user_id}/api-keys/${api_key_id}`,
    admin,
  );
  await revoked.text();
  if (revoked.status !== 200 && revoked.status !== 409) throw new Error(`not revoked: ${revoked.status}`);

  let dead = true;
  for (let probe = 0; probe < 3; probe++) {
    if (probe > 0) await new Promise((resolve) => setTimeout(resolve, 150));
    const proof = await call('GET', '/v3/self', token, { connection: 'close' });
    const control = await call('GET', '/v3/self', admin);
    await Promise.all([proof.text(), control.text()]);
    dead &&= proof.status === 401 && control.status === 200;
  }
  const outcome = { status: dead ? 'revoked' : 'still_alive', service_user_id, api_key_id };
  await record(`${context.awsRequestId}/90-outcome`, outcome);
  return outcome;
};

async function call(
  method: string,
  path: string,
  token: string,
  more: Record<string, string> = {},
): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json', ...more };
  const response = await fetch(`${process.env.DEVIN_API_URL}${path}`, { method, headers });
  return response;
}

async function record(name: string, facts: object): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: process.env.AUDIT_BUCKET ?? '',
      Key: `records/plain/${name}.json`,
      ContentType: 'application/json',
      IfNoneMatch: '*',
      Body: JSON.stringify({ time: Date.now(), ...facts }),
    }),
  );
}
