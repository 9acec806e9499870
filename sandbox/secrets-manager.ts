import { randomUUID } from 'node:crypto';
import { type AwsCredentials, signatureProblem } from './aws-signature.ts';
import { type SandboxAnswer, type SandboxRequest, type ServerKnobs, startServer } from './http-server.ts';

type Version = { id: string; value: string; createdAt: number };
type Secret = { current: Version; previous?: Version; tags: Readonly<Record<string, string>> };

export type SecretsManagerOptions = {
  latencyMs?: number;
  /** when given, requests have to be signed with them */
  credentials?: AwsCredentials | undefined;
};

export type SecretsManager = Awaited<ReturnType<typeof startSecretsManager>>;

/** A stand-in for AWS Secrets Manager: GetSecretValue and PutSecretValue with their version stages, and ListSecrets by tag. */
export async function startSecretsManager(options: SecretsManagerOptions = {}) {
  const knobs: ServerKnobs = { latencyMs: options.latencyMs ?? 0, onRequest: undefined };
  const secrets = new Map<string, Secret>();
  /** secrets that exist and have no value yet */
  const empty = new Set<string>();
  const put = (
    id: string,
    value: string,
    tags?: Readonly<Record<string, string>>,
    versionId: string = randomUUID(),
  ): Version => {
    const before = secrets.get(id);
    const current = { id: versionId, value, createdAt: Date.now() / 1000 };
    const kept = tags ?? before?.tags ?? {};
    secrets.set(id, { current, tags: kept, ...(before && { previous: before.current }) });
    return current;
  };

  /** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html */
  function putSecretValue(input: Record<string, unknown>): SandboxAnswer {
    const { ClientRequestToken, SecretId, SecretString } = input;
    if (typeof SecretString !== 'string' || typeof ClientRequestToken !== 'string') {
      return failure(400, 'InvalidParameterException', 'Give SecretString and ClientRequestToken.');
    }
    const name = nameOf(String(SecretId));
    const { current, previous } = secrets.get(name) ?? {};
    if (current === undefined && !empty.has(name)) {
      return failure(400, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    // The token becomes the id of the version: the same request again stores nothing.
    const same = [current, previous].find((version) => version?.id === ClientRequestToken);
    if (same !== undefined && same.value !== SecretString) {
      return failure(400, 'ResourceExistsException', 'A version with this token has another value.');
    }
    const { id } = same ?? put(name, SecretString, undefined, ClientRequestToken);
    return json(200, { ARN: arnOf(name), Name: name, VersionId: id, VersionStages: ['AWSCURRENT'] });
  }

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
      switch (operationOf(request)) {
        case 'GetSecretValue':
          return getSecretValue(secrets, parse(request.body));
        case 'PutSecretValue':
          return putSecretValue(parse(request.body));
        case 'ListSecrets':
          return listSecrets(secrets, parse(request.body));
        default:
          return failure(400, 'UnknownOperationException', '');
      }
    },
  });
  return Object.assign(knobs, server, {
    /** The value until now stays readable as AWSPREVIOUS. Tags that are given replace those from before. */
    put: (id: string, value: string, tags?: Readonly<Record<string, string>>): void =>
      void put(id, value, tags),
    /** a secret without a value, as CloudFormation creates it */
    create: (id: string): void => void empty.add(id),
    value: (id: string): string | undefined => secrets.get(id)?.current.value,
    arn: arnOf,
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
  const name = nameOf(SecretId);
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
    ARN: arnOf(name),
    CreatedDate: version.createdAt,
    Name: name,
    SecretString: version.value,
    VersionId: version.id,
    VersionStages: [VersionStage],
  });
}

/** an ARN ends in a hyphen and six characters that are not of the name */
function nameOf(id: string): string {
  return /:secret:(.+)-\w{6}$/.exec(id)?.[1] ?? id;
}

function arnOf(name: string): string {
  return `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-a1B2c3`;
}

const LIST_PAGE = 2;

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html, the filter `tag-key` alone */
function listSecrets(secrets: Map<string, Secret>, input: Record<string, unknown>): SandboxAnswer {
  const { Filters = [], NextToken } = input;
  const filters = Array.isArray(Filters) ? Filters : [];
  if (filters.some(({ Key }) => Key !== 'tag-key')) {
    return failure(400, 'InvalidParameterException', 'The sandbox filters by tag-key alone.');
  }
  const start = typeof NextToken === 'string' ? Number(Buffer.from(NextToken, 'base64url').toString()) : 0;
  const wanted = [...secrets].filter(([, { tags }]) =>
    filters.every(({ Values }) =>
      // The filter takes the beginning of a key.
      Object.keys(tags).some((key) => Values.some((value: string) => key.startsWith(value))),
    ),
  );
  const end = start + LIST_PAGE;
  return json(200, {
    SecretList: wanted.slice(start, end).map(([name, { current, tags }]) => ({
      ARN: arnOf(name),
      Name: name,
      CreatedDate: current.createdAt,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      SecretVersionsToStages: { [current.id]: ['AWSCURRENT'] },
    })),
    ...(end < wanted.length && { NextToken: Buffer.from(String(end)).toString('base64url') }),
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
