import type { AwsEnvironment } from '../../lib/aws/environment.ts';
import { secretWriter } from '../../lib/aws/put-secret-sdk.ts';
import { type ReadSecret, SecretError, secretsManager } from '../../lib/aws/secrets.ts';
import { sqsQueue } from '../../lib/aws/sqs.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { githubHooks } from '../../lib/clients/github-hooks.ts';
import { githubPatterns } from '../../lib/clients/github-patterns.ts';
import { githubToken } from '../../lib/clients/github-token.ts';
import type { SetupCommand } from './arguments.ts';
import { checkAlarms } from './check-alarms.ts';
import { adminTokenStep, githubStep, type Person } from './credential-steps.ts';
import { absentOutputs, type Deployment } from './deployment.ts';
import { type Finding, limited, missing, ok, unknown } from './finding.ts';
import { inspectActivity, readAdminToken } from './inspect-admin-token.ts';
import { orgPattern } from './org-pattern.ts';
import { orgWebhook } from './org-webhook.ts';
import { pingWebhook, readWebhookSecret } from './ping-webhook.ts';
import { rehearse, type Subject } from './rehearse.ts';
import { type SetUpSecret, setUpSecret } from './set-up-secret.ts';

/** Credentials that were given without asking; `owner` is used for an organisation's settings and not stored. */
export interface Given {
  readonly admin?: string | undefined;
  readonly github?: string | undefined;
  readonly owner?: string | undefined;
}

export interface SetupParts {
  readonly aws: AwsEnvironment;
  readonly deployment: Deployment;
  readonly given: Given;
  readonly person: Person | undefined;
}

/** For one step, with all its requests. */
const STEP_MS = 60_000;
const REHEARSAL_MS = 90_000;
const deadline = () => Date.now() + STEP_MS;

/** All steps and checks in their order, each of which goes on whatever the others came to. */
export async function runSetup(command: SetupCommand, parts: SetupParts): Promise<Finding[]> {
  const { aws, deployment, given, person } = parts;
  const stack = checkStack(deployment);
  if (stack.status === 'missing') return [stack];
  const read = secretsManager(aws);
  const secretParts = { read, store: secretWriter(aws), deadline };
  const admin = await setUpSecret(adminTokenStep(deployment, given.admin, person, deadline), secretParts);
  const findings = [
    stack,
    ...admin.inspection.findings,
    ...(await checkActivity(admin, deployment, read)),
    ...(command.usesGitHub ? await setUpGitHub(command, parts, secretParts) : []),
    ...(deployment.alarmTopic === undefined
      ? []
      : [await checkAlarms(aws, deployment.alarmTopic, deadline())]),
    ...checkDryRun(deployment),
  ];
  return command.rehearses ? [...findings, await rehearsal(command, admin, parts)] : findings;
}

function checkStack(deployment: Deployment): Finding {
  const absent = absentOutputs(deployment);
  return absent.length === 0
    ? ok('stack', deployment.title)
    : missing('stack', `it lacks the outputs ${absent.join(', ')}`, 'deploy this version of the software');
}

function checkDryRun({ settings: { dryRun } }: Deployment): Finding[] {
  const found = 'the stack rehearses: it changes nothing at Devin or GitHub';
  return dryRun ? [limited('dry run', found, 'deploy with dryRun: false, such as the stage prod')] : [];
}

/** With the token that looks up what followed a leak: another one than the admin token, where one is set. */
async function checkActivity(
  admin: SetUpSecret,
  { settings: { activitySecretArn, aftermath, devinApiUrl } }: Deployment,
  read: ReadSecret,
): Promise<Finding[]> {
  if (aftermath === 'off' || (activitySecretArn === undefined && !admin.inspection.isUsable)) return [];
  try {
    const value = activitySecretArn === undefined ? admin.value : await read(activitySecretArn);
    const token = value === undefined ? undefined : readAdminToken(value);
    if (token !== undefined)
      return [await inspectActivity(token, { devinUrl: devinApiUrl, deadline: deadline() })];
    return [missing('activity token', 'its secret holds no Devin token', 'see docs/aftermath.md')];
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    return [
      unknown('activity token', error.message, 'your AWS credentials need secretsmanager:GetSecretValue'),
    ];
  }
}

async function setUpGitHub(
  command: SetupCommand,
  { deployment, given, person }: SetupParts,
  secretParts: Parameters<typeof setUpSecret>[1],
): Promise<Finding[]> {
  const { settings, webhookSecret, webhookUrl } = deployment;
  const named = command.orgs.length > 0 ? command.orgs : settings.githubOrgs;
  const credential = await setUpSecret(
    githubStep(deployment, named, given.github, person, deadline),
    secretParts,
  );
  const { findings, owner: installedIn } = credential.inspection;
  const orgs = named.length > 0 ? named : installedIn === undefined ? [] : [installedIn];
  const webhook = await readWebhookSecret(secretParts.read, webhookSecret);
  const { secret } = webhook;
  const ping = secret === undefined ? [] : [await pingWebhook(webhookUrl, secret, deadline())];
  return [
    ...findings,
    webhook.finding,
    ...ping,
    ...(await setUpOrgs(orgs, secret, await ownersToken(given, credential, person), command, deployment)),
    ...checkOrgs(orgs, deployment),
  ];
}

/** What creates webhooks and patterns: an owner's token, else the stored credential, which may have the permission. */
async function ownersToken(
  { owner }: Given,
  { value }: SetUpSecret,
  person: Person | undefined,
): Promise<string | undefined> {
  if (owner !== undefined) return owner;
  const question =
    "Token of an organisation's owner, for its webhook and pattern (not shown, not stored; Enter: the credential above): ";
  const typed = (await person?.ask.hidden(question)) ?? '';
  return typed === '' ? value : typed;
}

async function setUpOrgs(
  orgs: readonly string[],
  secret: string | undefined,
  token: string | undefined,
  { isCheck }: SetupCommand,
  { settings, webhookUrl }: Deployment,
): Promise<Finding[]> {
  if (token === undefined) {
    const found = 'there is no token to ask GitHub with';
    return orgs.map((org) =>
      unknown(`webhook and pattern of ${org}`, found, "set GH_TOKEN to an owner's token"),
    );
  }
  const { githubApiUrl, githubSecretTypes: secretTypes } = settings;
  const github = githubToken(async () => token, "the owner's token", githubApiUrl);
  const [hooks, patterns] = [githubHooks(githubApiUrl, github), githubPatterns(githubApiUrl, github)];
  const found: Finding[] = [];
  for (const org of orgs) {
    const common = { org, isCheck, deadline: deadline() };
    try {
      if (secret !== undefined) found.push(await orgWebhook(hooks, { ...common, url: webhookUrl, secret }));
      found.push(await orgPattern(patterns, { ...common, secretTypes }));
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      found.push(unknown(`settings of ${org}`, error.message, "set GH_TOKEN to an owner's token"));
    }
  }
  return found;
}

function checkOrgs(orgs: readonly string[], { isStack, settings }: Deployment): Finding[] {
  const swept = settings.githubOrgs;
  if (orgs.length === 0)
    return [
      unknown('organisation', 'none is known, so no webhook and pattern were checked', 'name it with --org'),
    ];
  if (!isStack) return [];
  const unswept = orgs.filter((org) => !swept.some((one) => one.toLowerCase() === org.toLowerCase()));
  if (unswept.length === 0) return [ok('missed alerts', `looked for in ${swept.join(', ')}`)];
  const found = `not looked for in ${unswept.join(', ')}: GitHub does not repeat a webhook that failed`;
  return [limited('missed alerts', found, `deploy with githubOrgs: ${[...swept, ...unswept].join(',')}`)];
}

async function rehearsal(
  { alert }: SetupCommand,
  { inspection }: SetUpSecret,
  { aws, deployment: { auditBucket, leakQueueUrl } }: SetupParts,
): Promise<Finding> {
  const subject: Subject | undefined =
    alert !== undefined
      ? { kind: 'alert', alert }
      : inspection.owner === undefined
        ? undefined
        : { kind: 'made_up_key', serviceUserId: inspection.owner };
  if (subject === undefined) return unknown('rehearsal', 'left out: there is no admin token that works');
  const parts = { queue: sqsQueue(aws, leakQueueUrl), store: s3AuditStore(aws, auditBucket) };
  return rehearse(subject, parts, Date.now() + REHEARSAL_MS);
}
