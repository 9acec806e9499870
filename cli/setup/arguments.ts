import { GitHubAlertRef } from '../../lib/domain/report.ts';
import { containsToken } from '../../lib/domain/token-forms.ts';
import type { Location } from './deployment.ts';
import { parseOptions, type Values } from './parse-options.ts';
import { readLocation } from './read-location.ts';

/** Where a credential comes from. A person is asked for one that is not given and does not work. */
export type GitHubSource =
  | { readonly kind: 'input' }
  | {
      readonly kind: 'app';
      readonly appId: string;
      readonly installationId: string;
      readonly keyFile: string;
    };

export interface SetupCommand {
  readonly command: 'setup';
  /** Only checks, and changes nothing. */
  readonly isCheck: boolean;
  readonly json: boolean;
  readonly sandbox: boolean;
  readonly location: Location;
  readonly orgs: readonly string[];
  readonly adminFromInput: boolean;
  readonly github: GitHubSource | undefined;
  readonly usesGitHub: boolean;
  readonly rehearses: boolean;
  /** The alert that is rehearsed, instead of a made-up key. */
  readonly alert: GitHubAlertRef | undefined;
}

/** What `setup` is asked to do. The reason quotes no argument: it may be a token. */
export type Command =
  | { readonly command: 'help' }
  | SetupCommand
  | { readonly command: 'wrong'; readonly reason: string };

export function readArguments(args: readonly string[]): Command {
  const values = parseOptions(args);
  if (values === undefined) return wrong('unknown or incomplete arguments');
  if (values.help) return { command: 'help' };
  const read = readValues(values);
  return typeof read === 'string' ? wrong(read) : read;
}

/** @returns what is wrong, as a sentence */
function readValues(values: Values): SetupCommand | string {
  const problem = wrongText(values) ?? wrongCombination(values);
  if (problem !== undefined) return problem;
  const location = readLocation(values);
  if (typeof location === 'string') return location;
  const github = readGitHubSource(values);
  if (typeof github === 'string') return github;
  const alert = readAlert(values.alert);
  if (typeof alert === 'string') return alert;
  const { check: isCheck, json, org: orgs = [], sandbox } = values;
  return {
    command: 'setup',
    isCheck,
    json,
    sandbox,
    location,
    orgs,
    adminFromInput: values['admin-token'] !== undefined,
    github,
    usesGitHub: !values['no-github'],
    rehearses: !isCheck && !values['no-rehearsal'],
    alert,
  };
}

/** https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github */
const GITHUB_SECRET = /gh[pousr]_\w|github_pat_|-----BEGIN/;

function wrongText(values: Values): string | undefined {
  const { org: orgs = [] } = values;
  for (const name of ['admin-token', 'github-token'] as const) {
    if (values[name] !== undefined && values[name] !== '-')
      return `--${name} takes only "-": a token among the arguments is visible to others, use standard input`;
  }
  if (texts(values).some((text) => containsToken(text) || GITHUB_SECRET.test(text)))
    return 'no argument may be a token';
  if (orgs.some((org) => !GitHubAlertRef.shape.owner.safeParse(org).success))
    return '--org must be the name of a GitHub organisation';
  return undefined;
}

/** What is said of GitHub alone. */
const OF_GITHUB = [
  'github-token',
  'github-app-id',
  'github-installation-id',
  'github-app-key',
  'org',
  'alert',
] as const;
/** What `--check` has no use for. */
const CHANGING = [
  'admin-token',
  'github-token',
  'github-app-id',
  'github-installation-id',
  'github-app-key',
  'alert',
  'no-rehearsal',
] as const;

function wrongCombination(values: Values): string | undefined {
  const first = (names: readonly (keyof Values)[]) =>
    names.find((name) => values[name] !== undefined && values[name] !== false);
  const ofGitHub = first(OF_GITHUB);
  const changing = first(CHANGING);
  if (values['no-github'] && ofGitHub !== undefined) return `--no-github does not go with --${ofGitHub}`;
  if (values.check && changing !== undefined)
    return `--check changes nothing, so --${changing} does not go with it`;
  if (values['admin-token'] !== undefined && values['github-token'] !== undefined)
    return '--admin-token - and --github-token - both read standard input: run it once for each';
  return undefined;
}

function readGitHubSource(values: Values): GitHubSource | undefined | string {
  const [appId, installationId, keyFile] = [
    values['github-app-id'],
    values['github-installation-id'],
    values['github-app-key'],
  ];
  const parts = [appId, installationId, keyFile].filter((part) => part !== undefined);
  if (values['github-token'] !== undefined)
    return parts.length === 0 ? { kind: 'input' } : '--github-token does not go with a GitHub App';
  if (parts.length === 0) return undefined;
  if (appId === undefined || installationId === undefined || keyFile === undefined)
    return 'a GitHub App takes --github-app-id, --github-installation-id and --github-app-key together';
  if (!/^\d{1,15}$/.test(installationId)) return '--github-installation-id must be a number';
  if (!/^[\w.-]{1,40}$/.test(appId)) return "--github-app-id must be the App's id";
  return { kind: 'app', appId, installationId, keyFile };
}

function readAlert(text: string | undefined): GitHubAlertRef | undefined | string {
  if (text === undefined) return undefined;
  const [, owner, repo, number] = /^([^/]+)\/([^/#]+)#(\d+)$/.exec(text) ?? [];
  const parsedRef = GitHubAlertRef.safeParse({ owner, repo, number: Number(number) });
  return parsedRef.success ? parsedRef.data : '--alert must be such as acme/test#42';
}

function texts(values: Values): string[] {
  return Object.values(values).flatMap((value) =>
    typeof value === 'string' ? [value] : Array.isArray(value) ? value : [],
  );
}

function wrong(reason: string): Command {
  return { command: 'wrong', reason };
}
