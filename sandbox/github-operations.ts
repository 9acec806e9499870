import { organizationAlert, restAlert, type StoredAlert } from './github-shapes.ts';
import type { SandboxAnswer, SandboxRequest } from './http-server.ts';

const DOCS = 'https://docs.github.com/rest';

export function refuse(status: number, message: string): SandboxAnswer {
  return { status, body: { message, documentation_url: DOCS, status: String(status) } };
}

export type PatchRules = {
  /** dismissals need a reviewer: every change of the state is answered 403 */
  delegatedDismissal: boolean;
  /** a change of `validity` is answered 422, as for secrets that GitHub checks itself */
  refuseValidity: boolean;
};

const RESOLUTIONS = ['false_positive', 'wont_fix', 'revoked', 'used_in_tests'] as const;

/** "Update a secret scanning alert" of GitHub's REST API. */
export function patchAlert(alert: StoredAlert, request: SandboxRequest, rules: PatchRules): SandboxAnswer {
  const body = parse(request.body);
  if (body === undefined) return refuse(400, 'Problems parsing JSON');
  const { state, resolution, resolution_comment: comment, validity } = body;
  const problem = refusal(body, alert, rules);
  if (problem !== undefined) return refuse(422, problem);
  if (rules.delegatedDismissal && state !== undefined) {
    return refuse(403, 'Delegated alert dismissal is enabled. You are not a valid reviewer.');
  }
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  if (state === 'resolved' && alert.state !== 'resolved') {
    alert.state = 'resolved';
    alert.resolved_at = now;
    // a comment is kept from the first resolution, it cannot be edited later
    alert.resolution_comment = typeof comment === 'string' ? comment : null;
  }
  if (state === 'resolved') alert.resolution = RESOLUTIONS.find((known) => known === resolution) ?? null;
  if (state === 'open') {
    Object.assign(alert, { state, resolution: null, resolved_at: null, resolution_comment: null });
  }
  if (validity === 'active' || validity === 'inactive') alert.validity = validity;
  if (validity === null) alert.validity = 'unknown';
  alert.updated_at = now;
  return { status: 200, body: restAlert(alert) };
}

function refusal(body: Record<string, unknown>, alert: StoredAlert, rules: PatchRules): string | undefined {
  const { state, resolution, resolution_comment: comment, validity } = body;
  if (state === undefined && validity === undefined) return 'Nothing to change was given.';
  if (state !== undefined && state !== 'open' && state !== 'resolved') return 'Invalid state.';
  if (state === 'resolved' && !RESOLUTIONS.some((known) => known === resolution)) {
    return 'A resolution is required to resolve an alert.';
  }
  if (state !== 'resolved' && resolution !== undefined && resolution !== null) {
    return 'State does not match the resolution.';
  }
  if (comment !== undefined && comment !== null) {
    if (state !== 'resolved') return 'State does not match the resolution comment.';
    if (typeof comment !== 'string' || [...comment].length > 280) return 'Resolution comment is invalid.';
  }
  if (validity !== undefined && validity !== alert.validity) {
    if (validity !== null && validity !== 'active' && validity !== 'inactive') return 'Invalid validity.';
    if (rules.refuseValidity) return 'The validity of this alert cannot be changed.';
  }
  return undefined;
}

/** "List secret scanning alerts for an organization", with keyset cursors and a Link header. */
export function listAlerts(alerts: StoredAlert[], request: SandboxRequest, base: string): SandboxAnswer {
  const { query } = request;
  const types = query.get('secret_type')?.split(',');
  const state = query.get('state');
  const size = Math.min(Math.max(Number(query.get('per_page') ?? 30) || 30, 1), 100);
  const field = query.get('sort') === 'updated' ? 'updated_at' : 'created_at';
  const sign = query.get('direction') === 'asc' ? 1 : -1;
  const place = (alert: StoredAlert) => `${alert[field]}#${String(alert.sequence).padStart(9, '0')}`;
  const sorted = alerts
    .filter(
      (alert) => (state === null || alert.state === state) && (types?.includes(alert.secret_type) ?? true),
    )
    // Each place is made once: an organisation may have ten thousand alerts.
    .map((alert) => ({ alert, at: place(alert) }))
    .sort((a, b) => (a.at < b.at ? -sign : sign))
    .map(({ alert }) => alert);

  const read = (name: string) => Buffer.from(query.get(name) ?? '', 'base64url').toString();
  const [after, before] = [read('after'), read('before')];
  const isAfter = (alert: StoredAlert) =>
    !after || (place(alert) > after ? 1 : place(alert) < after ? -1 : 0) === sign;
  const isBefore = (alert: StoredAlert) =>
    !before || (place(alert) < before ? 1 : place(alert) > before ? -1 : 0) === sign;
  const rest = sorted.filter((alert) => isAfter(alert) && isBefore(alert));
  const shown = before ? rest.slice(-size) : rest.slice(0, size);

  const links: string[] = [];
  const link = (rel: string, cursor: 'after' | 'before', alert: StoredAlert | undefined) => {
    if (alert === undefined) return;
    const params = new URLSearchParams(query);
    params.delete('after');
    params.delete('before');
    params.set(cursor, Buffer.from(place(alert)).toString('base64url'));
    links.push(`<${base}${request.path}?${params}>; rel="${rel}"`);
  };
  if (shown.at(0) !== sorted.at(0)) link('prev', 'before', shown.at(0));
  if (shown.at(-1) !== sorted.at(-1)) link('next', 'after', shown.at(-1));
  const hide = query.get('hide_secret') === 'true';
  return {
    status: 200,
    headers: links.length > 0 ? { link: links.join(', ') } : {},
    body: shown.map((alert) => organizationAlert(alert, hide)),
  };
}

function parse(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
