import { SecretError } from '../../lib/aws/secrets.ts';
import { githubAlertList } from '../../lib/clients/github-alert-list.ts';
import { githubApp, readInstallation } from '../../lib/clients/github-installation.ts';
import { githubToken } from '../../lib/clients/github-token.ts';
import { type Finding, type Inspection, limited, missing, ok, unknown } from './finding.ts';

export interface GitHubInspectionOptions {
  readonly githubUrl: string;
  readonly orgs: readonly string[];
  readonly secretTypes: readonly string[];
  /** Epoch milliseconds. */
  readonly deadline: number;
}

const CREDENTIAL = 'GitHub credential';
const NEEDS = 'give it the repository permission "Secret scanning alerts: read and write"';
const SHAPES = 'give a GitHub App (id, installation id, private key) or a fine-grained token';

/** @param value a token, JSON `{"token"}`, or JSON of a GitHub App, as the functions read it */
export async function inspectGitHub(value: string, options: GitHubInspectionOptions): Promise<Inspection> {
  try {
    const identity = await inspectIdentity(value, options);
    if (identity.finding.status === 'missing' || identity.finding.status === 'unknown')
      return { isUsable: false, findings: [identity.finding] };
    const { account } = identity;
    const orgs = options.orgs.length > 0 ? options.orgs : account === undefined ? [] : [account];
    if (orgs.length === 0) {
      const finding = unknown(
        'alerts',
        'no organisation is known, so the credential was not tried',
        'name it with --org',
      );
      return { isUsable: false, findings: [identity.finding, finding] };
    }
    const alerts = await Promise.all(orgs.map((org) => checkAlerts(value, org, options)));
    const isUsable = alerts.every(({ status }) => status === 'ok');
    return { isUsable, owner: account, findings: [identity.finding, ...alerts] };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    const finding =
      error.code === 'malformed'
        ? missing(CREDENTIAL, 'it is neither a token nor a GitHub App with a private key in PEM form', SHAPES)
        : unknown(CREDENTIAL, error.message);
    return { isUsable: false, findings: [finding] };
  }
}

async function inspectIdentity(
  value: string,
  { deadline, githubUrl }: GitHubInspectionOptions,
): Promise<{ readonly finding: Finding; readonly account?: string | undefined }> {
  const app = githubApp(value);
  if (app === undefined) {
    const found = 'a token; GitHub does not show whether it may close alerts';
    return {
      finding: limited(CREDENTIAL, found, `${NEEDS}, or use a GitHub App, whose permissions are shown`),
    };
  }
  const answer = await readInstallation('the GitHub App', app, githubUrl, { deadline, attempts: 4 });
  if (!answer.ok) {
    const { reason, retryable } = answer;
    return { finding: retryable ? unknown(CREDENTIAL, reason) : missing(CREDENTIAL, reason, SHAPES) };
  }
  const { account, isSuspended, permissions } = answer;
  const name = `GitHub App ${app.app_id}, installed in ${account ?? 'an account without a name'}`;
  if (isSuspended)
    return {
      finding: missing(CREDENTIAL, `${name}, is suspended`, "unsuspend it in the organisation's settings"),
    };
  const granted = permissions.secret_scanning_alerts ?? 'none';
  return granted === 'write'
    ? { account, finding: ok(CREDENTIAL, `${name}; reads and closes alerts`) }
    : {
        finding: missing(
          CREDENTIAL,
          `${name}; its permission for secret scanning alerts is: ${granted}`,
          NEEDS,
        ),
      };
}

async function checkAlerts(
  value: string,
  org: string,
  { deadline, githubUrl, secretTypes }: GitHubInspectionOptions,
): Promise<Finding> {
  const check = `alerts of ${org}`;
  const token = githubToken(async () => value, 'the GitHub credential', githubUrl);
  const where = { org, secretTypes, after: undefined };
  const listing = await githubAlertList(githubUrl, token).listOpenAlerts(where, { deadline, attempts: 4 });
  if (!listing.ok) {
    const { reason, retryable } = listing;
    return retryable
      ? unknown(check, reason)
      : missing(check, reason, `${NEEDS}, for all repositories of ${org}`);
  }
  const { alerts, next } = listing;
  const open = next === undefined ? `${alerts.length}` : `more than ${alerts.length}`;
  return ok(check, `readable; ${open} open of the type ${secretTypes.join(', ')}`);
}
