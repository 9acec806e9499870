import { createHash } from 'node:crypto';
import { type AwsEnvironment, awsEnvironment } from '../lib/aws/environment.ts';
import { signed } from '../lib/aws/sign-request.ts';
import { PROBES, SPACING_MS } from '../lib/containment/judge-probes.ts';

/** A request as it goes on the wire, signature included, so that a peer can send it and do nothing else. */
export interface WireRequest {
  /** `METHOD operation`, as the stand-ins log it. */
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sent only while a container is cold. */
  readonly cold?: boolean;
  /** On a connection of its own, which is opened before. */
  readonly ownConnection?: boolean;
  /** Milliseconds after the others of its round, whatever they are answered. */
  readonly afterMs?: number;
  /** Only for what the record contains beside the outcome; the plain peers leave it out. */
  readonly extra?: boolean;
}

/** Requests of one round are independent of each other; a round needs the answers of the one before. */
export type Rounds = readonly (readonly WireRequest[])[];

/** Milliseconds that the rounds take beside the answers. */
export function waitOf(rounds: Rounds): number {
  return rounds.reduce((sum, round) => sum + Math.max(...round.map(({ afterMs = 0 }) => afterMs)), 0);
}

/** What the requests of a leak are made of. */
export interface Wire {
  readonly env: Readonly<Record<string, string>>;
  readonly admin: string;
  readonly githubToken: string;
}

const JSON_TYPE = 'application/json';

/** The requests that a report needs, ready to be sent. */
export function requests({ env, admin, githubToken }: Wire) {
  const aws: AwsEnvironment = awsEnvironment(env);
  const devin = (name: string, method: string, path: string, token: string): WireRequest => ({
    name: `${method} ${name}`,
    method,
    url: `${env.DEVIN_API_URL}${path}`,
    headers: { authorization: `Bearer ${token}`, accept: JSON_TYPE },
  });
  const keysPath = (user: string) => `/v3beta1/enterprise/service-users/${user}/api-keys`;
  const amz = (
    service: 'sqs' | 'secretsmanager',
    url: string,
    target: string,
    version: string,
    input: object,
  ) =>
    sign(aws, service, {
      name: `POST ${target.split('.')[1]}`,
      method: 'POST',
      url,
      headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target },
      body: JSON.stringify(input),
    });
  const github = (name: string, method: string, path: string, body?: object): WireRequest => ({
    name: `${method} ${name}`,
    method,
    url: `${env.GITHUB_API_URL}${path}`,
    headers: {
      authorization: `Bearer ${githubToken}`,
      'user-agent': 'bench',
      ...(body && { 'content-type': JSON_TYPE }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });

  return {
    self: (token = admin) => devin('getSelf', 'GET', '/v3/self', token),
    /** Three probes of a token with their controls: what proves it dead, see lib/containment/judge-probes.ts. */
    proof: (token: string): readonly WireRequest[] =>
      Array.from({ length: PROBES }, (_, index) => {
        const afterMs = index * SPACING_MS;
        const probe = devin('getSelf', 'GET', '/v3/self', token);
        return [
          { ...probe, afterMs, ownConnection: true },
          { ...devin('getSelf', 'GET', '/v3/self', admin), afterMs },
        ];
      }).flat(),
    list: (user: string) => devin('listServiceUserApiKeys', 'GET', `${keysPath(user)}?status=all`, admin),
    revoke: (user: string, key: string) =>
      devin('revokeServiceUserApiKey', 'DELETE', `${keysPath(user)}/${key}`, admin),
    secret: async (id = '') => ({
      ...(await amz(
        'secretsmanager',
        `${env.AWS_ENDPOINT_URL_SECRETS_MANAGER}/`,
        'secretsmanager.GetSecretValue',
        '1.1',
        {
          SecretId: id,
          VersionStage: 'AWSCURRENT',
        },
      )),
      cold: true,
    }),
    put: (path: string, record: object) => {
      const body = JSON.stringify(record);
      const headers = {
        'content-type': JSON_TYPE,
        'if-none-match': '*',
        'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
      };
      const url = `${env.AWS_ENDPOINT_URL_S3}/${env.AUDIT_BUCKET}/${path}`;
      return sign(aws, 's3', { name: 'PUT PutObject', method: 'PUT', url, headers, body });
    },
    enqueue: (message: object) =>
      amz('sqs', `${env.AWS_ENDPOINT_URL_SQS}/`, 'AmazonSQS.SendMessage', '1.0', {
        QueueUrl: env.LEAK_QUEUE_URL,
        MessageBody: JSON.stringify(message),
      }),
    alert: (path: string) => github('getAlert', 'GET', path),
    resolve: (path: string) =>
      github('updateAlert', 'PATCH', path, {
        state: 'resolved',
        resolution: 'revoked',
        resolution_comment: 'bench',
        validity: 'inactive',
      }),
  };
}

async function sign(
  aws: AwsEnvironment,
  service: 's3' | 'sqs' | 'secretsmanager',
  request: WireRequest,
): Promise<WireRequest> {
  const { headers } = await signed(aws, service, { ...request, url: new URL(request.url) });
  return { ...request, headers: headers ?? request.headers };
}
