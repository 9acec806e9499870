import { readFile } from 'node:fs/promises';
import { errorCode } from '../../lib/platform/error-code.ts';
import { UsageError } from '../command/usage-error.ts';
import type { GitHubSource } from './arguments.ts';
import type { Ask } from './ask.ts';
import type { Deployment } from './deployment.ts';
import type { Finding } from './finding.ts';
import { inspectAdminToken } from './inspect-admin-token.ts';
import { inspectGitHub } from './inspect-github.ts';
import type { SecretStep } from './set-up-secret.ts';

/** Who is asked, where somebody can be, and what the person is shown before. */
export interface Person {
  readonly ask: Ask;
  show(findings: readonly Finding[]): void;
}

export function adminTokenStep(
  { adminSecret, settings: { devinApiUrl } }: Deployment,
  given: string | undefined,
  person: Person | undefined,
  deadline: () => number,
): SecretStep {
  return {
    name: 'admin token',
    secretId: adminSecret,
    mend: 'run setup, with --admin-token - or on a terminal',
    given,
    inspect: (value) => inspectAdminToken(value, { devinUrl: devinApiUrl, deadline: deadline() }),
    ask:
      person &&
      ((before) => {
        person.show(before);
        return person.ask.hidden('Devin admin token (it is not shown; Enter leaves it): ');
      }),
  };
}

export function githubStep(
  { githubSecret, settings: { githubApiUrl, githubSecretTypes } }: Deployment,
  orgs: readonly string[],
  given: string | undefined,
  person: Person | undefined,
  deadline: () => number,
): SecretStep {
  const options = { githubUrl: githubApiUrl, orgs, secretTypes: githubSecretTypes };
  return {
    name: 'GitHub credential',
    secretId: githubSecret,
    mend: 'run setup, with the options of a GitHub App, with --github-token -, or on a terminal',
    given,
    inspect: (value) => inspectGitHub(value, { ...options, deadline: deadline() }),
    ask:
      person &&
      ((before) => {
        person.show(before);
        return askGitHub(person.ask);
      }),
  };
}

/** A credential that the arguments name. @throws {UsageError} when the file of the key cannot be read */
export async function readGitHubSource(
  source: GitHubSource | undefined,
  readInput: () => Promise<string>,
): Promise<string | undefined> {
  if (source === undefined) return undefined;
  switch (source.kind) {
    case 'input':
      return readInput();
    case 'app':
      return appSecret(source.appId, source.installationId, source.keyFile);
    default:
      return source satisfies never;
  }
}

async function askGitHub(ask: Ask): Promise<string> {
  const appId = await ask.line('Id of the GitHub App (Enter: a token instead): ');
  if (appId === '') return ask.hidden('GitHub token (it is not shown; Enter leaves it): ');
  const installationId = await ask.line('Id of its installation: ');
  for (let problem = ''; ; ) {
    const file = await ask.line(`${problem}File of its private key (.pem; Enter leaves it): `);
    if (file === '') return '';
    try {
      return await appSecret(appId, installationId, file);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problem = `${error.message}\n`;
    }
  }
}

async function appSecret(app_id: string, installation_id: string, file: string): Promise<string> {
  try {
    return JSON.stringify({ app_id, installation_id, private_key: await readFile(file, 'utf8') });
  } catch (error) {
    const code = error instanceof Error ? (errorCode(error) ?? error.name) : 'unknown';
    throw new UsageError(`the file of the private key cannot be read (${code})`);
  }
}
