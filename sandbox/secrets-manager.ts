import { randomUUID } from 'node:crypto';
import { type AwsCredentials, signatureProblem } from './aws-signature.ts';
import { type SandboxAnswer, type SandboxRequest, type ServerKnobs, startServer } from './http-server.ts';

type Version = { id: string; value: string; createdAt: number };
type Secret = { current: Version; previous?: Version };

export type SecretsManagerOptions = {
  latencyMs?: number;
  /** when given, requests have to be signed with them */
  credentials?: AwsCredentials | undefined;
};

export type SecretsManager = Awaited<ReturnType<typeof startSecretsManager>>;

/** A stand-in for AWS Secrets Manager: GetSecretValue with its version stages. */
export async function startSecretsManager(options: SecretsManagerOptions = {}) {
  const knobs: ServerKnobs = { latencyMs: options.latencyMs ?? 0, onRequest: undefined };
  const secrets = new Map<string, Secret>();
  const server = await startServer({
    knobs,
    describe: (request) => {
      const { SecretId, VersionStage } = parse(request.body);
      return {
        operation: operationOf(request),
        ...(typeof SecretId === 'string' && { secretId: SecretId }),
        versionStage: typeof VersionStage === 'string' ? VersionStage : 'AWSCURRENT',
      };
    },
    refuse: (status) =>
      failure(status, status < 500 ? 'ThrottlingException' : 'InternalServiceError', 'Refused'),
    handle: (request) => {
      const problem = signatureProblem(request, 'secretsmanager', options.credentials);
      if (problem !== undefined) return failure(400, 'InvalidSignatureException', problem);
      if (operationOf(request) !== 'GetSecretValue') return failure(400, 'UnknownOperationException', '');
      return getSecretValue(secrets, parse(request.body));
    },
  });
  return Object.assign(knobs, server, {
    /** The value until now stays readable as AWSPREVIOUS. */
    put: (id: string, value: string): void => {
      const before = secrets.get(id);
      const current = { id: randomUUID(), value, createdAt: Date.now() / 1000 };
      secrets.set(id, { current, ...(before && { previous: before.current }) });
    },
    remove: (id: string): void => {
      secrets.delete(id);
    },
  });
}

function getSecretValue(secrets: Map<string, Secret>, input: Record<string, unknown>): SandboxAnswer {
  const { SecretId, VersionStage = 'AWSCURRENT' } = input;
  if (typeof SecretId !== 'string' || SecretId === '') {
    return failure(
      400,
      'InvalidParameterException',
      'Invalid name. Must be a valid name containing alphanumeric characters.',
    );
  }
  // an ARN ends in a hyphen and six characters that are not of the name
  const name = /:secret:(.+)-\w{6}$/.exec(SecretId)?.[1] ?? SecretId;
  const secret = secrets.get(name);
  if (secret === undefined) {
    return failure(400, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  const version =
    VersionStage === 'AWSCURRENT'
      ? secret.current
      : VersionStage === 'AWSPREVIOUS'
        ? secret.previous
        : undefined;
  if (version === undefined) {
    const message = `Secrets Manager can't find the specified secret value for staging label: ${VersionStage}`;
    return failure(400, 'ResourceNotFoundException', message);
  }
  return json(200, {
    ARN: `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-a1B2c3`,
    CreatedDate: version.createdAt,
    Name: name,
    SecretString: version.value,
    VersionId: version.id,
    VersionStages: [VersionStage],
  });
}

const operationOf = (request: SandboxRequest) =>
  /^secretsmanager\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? ''))?.[1] ?? 'unknown';

function json(status: number, body: object): SandboxAnswer {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
  return { status, headers, body: JSON.stringify(body) };
}

function failure(status: number, type: string, message: string): SandboxAnswer {
  return json(status, { __type: type, Message: message });
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
