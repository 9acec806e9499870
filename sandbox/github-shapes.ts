import type { components as Rest } from '@octokit/openapi-types';
import type { components as Hooks } from '@octokit/openapi-webhooks-types';

/** Shapes as in @octokit/openapi-types 29 and @octokit/openapi-webhooks-types 12; the compiler holds them to it. */
export type RestAlert = Rest['schemas']['secret-scanning-alert'];
export type OrganizationAlert = Rest['schemas']['organization-secret-scanning-alert'];
export type Location = Rest['schemas']['secret-scanning-location'];
type SimpleUser = Hooks['schemas']['simple-user'];
type SimpleRepository = Rest['schemas']['simple-repository'];
type WebhookRepository = Hooks['schemas']['repository-webhooks'];
type WebhookAlert = Hooks['schemas']['secret-scanning-alert-webhook'];
export type AlertPayload = Omit<Hooks['schemas']['webhook-secret-scanning-alert-created'], 'action'> & {
  action: string;
};

export type StoredAlert = {
  /** over all repositories, in the order of creation */
  sequence: number;
  owner: string;
  repo: string;
  number: number;
  /** left out where GitHub does not show it */
  secret?: string | undefined;
  secret_type: string;
  is_base64_encoded: boolean;
  validity: 'active' | 'inactive' | 'unknown';
  publicly_leaked: boolean;
  state: 'open' | 'resolved';
  resolution: 'false_positive' | 'wont_fix' | 'revoked' | 'used_in_tests' | null;
  resolution_comment: string | null;
  resolved_at: string | null;
  created_at: string;
  updated_at: string;
};

const API = 'https://api.github.com';
const SHA = 'af5626b4a114abcb82d63db7c8082c3c4756e51b';

export function simpleUser(login: string, type = 'User'): SimpleUser {
  const url = `${API}/users/${login}`;
  return {
    login,
    id: 583231,
    node_id: 'MDQ6VXNlcjU4MzIzMQ==',
    avatar_url: 'https://avatars.githubusercontent.com/u/583231?v=4',
    gravatar_id: '',
    url,
    html_url: `https://github.com/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    site_admin: false,
  };
}

/** What the webhook and the REST shape of an alert have in common. */
function common(alert: StoredAlert) {
  const repository = `repos/${alert.owner}/${alert.repo}`;
  const url = `${API}/${repository}/secret-scanning/alerts/${alert.number}`;
  return {
    number: alert.number,
    created_at: alert.created_at,
    updated_at: alert.updated_at,
    url,
    html_url: `https://github.com/${alert.owner}/${alert.repo}/security/secret-scanning/${alert.number}`,
    locations_url: `${url}/locations`,
    resolution: alert.resolution,
    resolved_at: alert.resolved_at,
    resolved_by: alert.resolved_at === null ? null : simpleUser('security-manager'),
    resolution_comment: alert.resolution_comment,
    secret_type: alert.secret_type,
    secret_type_display_name: 'Devin API Key',
    provider: null,
    provider_slug: null,
    validity: alert.validity,
    publicly_leaked: alert.publicly_leaked,
    multi_repo: false,
    push_protection_bypassed: false,
    push_protection_bypassed_by: null,
    push_protection_bypassed_at: null,
    push_protection_bypass_request_reviewer: null,
    push_protection_bypass_request_reviewer_comment: null,
    push_protection_bypass_request_comment: null,
    push_protection_bypass_request_html_url: null,
    assigned_to: null,
    closure_request_comment: null,
    closure_request_reviewer_comment: null,
    closure_request_reviewer: null,
  };
}

export function restAlert(alert: StoredAlert, hideSecret = false): RestAlert {
  const { secret, state, is_base64_encoded } = alert;
  return {
    ...common(alert),
    state,
    ...(!hideSecret && secret !== undefined && { secret }),
    is_base64_encoded,
    first_location_detected: commit(alert),
    has_more_locations: false,
  };
}

export function organizationAlert(alert: StoredAlert, hideSecret = false): OrganizationAlert {
  return { ...restAlert(alert, hideSecret), repository: simpleRepository(alert.owner, alert.repo) };
}

/** A webhook alert holds neither the secret nor the state. */
function webhookAlert(alert: StoredAlert): WebhookAlert {
  return { ...common(alert), secret_category: 'default', metadata: [] };
}

export const location = (alert: StoredAlert): Location => ({ type: 'commit', details: commit(alert) });

function commit({ owner, repo }: StoredAlert) {
  return {
    path: 'deploy/settings.env',
    start_line: 3,
    end_line: 3,
    start_column: 15,
    end_column: 59,
    blob_sha: SHA,
    blob_url: `${API}/repos/${owner}/${repo}/git/blobs/${SHA}`,
    commit_sha: SHA,
    commit_url: `${API}/repos/${owner}/${repo}/git/commits/${SHA}`,
    html_url: `https://github.com/${owner}/${repo}/blob/${SHA}/deploy/settings.env#L3-L3`,
  };
}

function simpleRepository(
  owner: string,
  name: string,
): Omit<SimpleRepository, 'id' | 'owner'> & { id: number; owner: SimpleUser } {
  const url = `${API}/repos/${owner}/${name}`;
  return {
    id: 1296269,
    node_id: 'MDEwOlJlcG9zaXRvcnkxMjk2MjY5',
    name,
    full_name: `${owner}/${name}`,
    owner: simpleUser(owner, 'Organization'),
    private: true,
    html_url: `https://github.com/${owner}/${name}`,
    description: null,
    fork: false,
    url,
    archive_url: `${url}/{archive_format}{/ref}`,
    assignees_url: `${url}/assignees{/user}`,
    blobs_url: `${url}/git/blobs{/sha}`,
    branches_url: `${url}/branches{/branch}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    comments_url: `${url}/comments{/number}`,
    commits_url: `${url}/commits{/sha}`,
    compare_url: `${url}/compare/{base}...{head}`,
    contents_url: `${url}/contents/{+path}`,
    contributors_url: `${url}/contributors`,
    deployments_url: `${url}/deployments`,
    downloads_url: `${url}/downloads`,
    events_url: `${url}/events`,
    forks_url: `${url}/forks`,
    git_commits_url: `${url}/git/commits{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    issue_events_url: `${url}/issues/events{/number}`,
    issues_url: `${url}/issues{/number}`,
    keys_url: `${url}/keys{/key_id}`,
    labels_url: `${url}/labels{/name}`,
    languages_url: `${url}/languages`,
    merges_url: `${url}/merges`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    pulls_url: `${url}/pulls{/number}`,
    releases_url: `${url}/releases{/id}`,
    stargazers_url: `${url}/stargazers`,
    statuses_url: `${url}/statuses/{sha}`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    tags_url: `${url}/tags`,
    teams_url: `${url}/teams`,
    trees_url: `${url}/git/trees{/sha}`,
    hooks_url: `${url}/hooks`,
  };
}

function webhookRepository(owner: string, name: string): WebhookRepository {
  return {
    ...simpleRepository(owner, name),
    git_url: `git://github.com/${owner}/${name}.git`,
    ssh_url: `git@github.com:${owner}/${name}.git`,
    clone_url: `https://github.com/${owner}/${name}.git`,
    svn_url: `https://github.com/${owner}/${name}`,
    mirror_url: null,
    homepage: null,
    language: 'TypeScript',
    license: null,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    size: 108,
    default_branch: 'main',
    open_issues: 0,
    open_issues_count: 0,
    is_template: false,
    topics: [],
    has_issues: true,
    has_projects: true,
    has_wiki: true,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    archived: false,
    disabled: false,
    visibility: 'private',
    pushed_at: '2026-11-01T08:00:00Z',
    created_at: '2025-03-01T08:00:00Z',
    updated_at: '2026-11-01T08:00:00Z',
    allow_forking: false,
    web_commit_signoff_required: false,
    custom_properties: {},
  };
}

/** A whole `secret_scanning_alert` delivery. */
export function alertPayload(alert: StoredAlert, action: string, installationId: number): AlertPayload {
  const organization = `${API}/orgs/${alert.owner}`;
  return {
    action,
    alert: webhookAlert(alert),
    repository: webhookRepository(alert.owner, alert.repo),
    organization: {
      login: alert.owner,
      id: 9919,
      node_id: 'MDEyOk9yZ2FuaXphdGlvbjk5MTk=',
      url: organization,
      repos_url: `${organization}/repos`,
      events_url: `${organization}/events`,
      hooks_url: `${organization}/hooks`,
      issues_url: `${organization}/issues`,
      members_url: `${organization}/members{/member}`,
      public_members_url: `${organization}/public_members{/member}`,
      avatar_url: 'https://avatars.githubusercontent.com/u/9919?v=4',
      description: null,
    },
    installation: { id: installationId, node_id: 'MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uMQ==' },
    sender: simpleUser('github', 'Organization'),
  };
}
