import { randomBytes } from 'node:crypto';
import { type Call, invalid, page, problem } from './devin-operations.ts';
import type { SandboxAnswer, SandboxRequest } from './http-server.ts';

/** What a test gives of a session that somebody starts; times are UNIX seconds. */
export type NewSession = {
  service_user_id: string;
  created_at?: number;
  status?: string;
  title?: string;
  org_id?: string;
  /** `create_as_user_id` of the request */
  as_user?: string;
  /** a child names its parent, and not always the service user */
  parent?: string;
  namesServiceUser?: boolean;
  pull_requests?: string[];
  origin?: string;
  /** of the page that shows it; default one of app.devin.ai */
  url?: string;
};

export type NewSchedule = {
  created_by: string;
  name?: string;
  org_id?: string;
  prompt?: string;
  enabled?: boolean;
  frequency?: string;
  /** UNIX seconds */
  created_at?: number;
};

export type NewAct = {
  service_user_id: string;
  action: string;
  data?: object;
  created_at?: number;
  org_id?: string | null;
};

export type StoredSession = ReturnType<ActivityState['startSession']>;

export type ActivityState = ReturnType<typeof createActivityState>;

const ORG = 'org-0a1b2c3d';

/** The memory of the stand-in for what service users do: sessions, schedules, the audit log. */
export function createActivityState(seconds: () => number) {
  let sequence = 0;
  const next = (): number => {
    sequence += 1;
    return sequence;
  };
  const id = (prefix: string): string => `${prefix}${randomBytes(12).toString('hex')}`;
  const sessions = new Map<string, ReturnType<typeof newSession>>();
  const schedules: ReturnType<typeof newSchedule>[] = [];
  const acts: ReturnType<typeof newAct>[] = [];

  function newSession(given: NewSession) {
    const session_id = id('devin-');
    const created_at = given.created_at ?? seconds();
    const child_session_ids: string[] = [];
    return {
      sequence: next(),
      origin: given.origin ?? 'api',
      view: {
        session_id,
        org_id: given.org_id ?? ORG,
        status: given.status ?? 'running',
        created_at,
        updated_at: created_at,
        url: given.url ?? `https://app.devin.ai/sessions/${session_id.slice('devin-'.length)}`,
        title: given.title ?? null,
        acus_consumed: 0,
        pull_requests: (given.pull_requests ?? []).map((pr_url) => ({ pr_url, pr_state: 'open' })),
        tags: [],
        user_id: given.as_user ?? null,
        service_user_id: given.parent === undefined || given.namesServiceUser ? given.service_user_id : null,
        parent_session_id: given.parent ?? null,
        child_session_ids,
        is_archived: false,
      },
    };
  }

  function newSchedule(given: NewSchedule) {
    return {
      scheduled_session_id: id('sched-'),
      org_id: given.org_id ?? ORG,
      name: given.name ?? 'nightly',
      enabled: given.enabled ?? true,
      created_at: new Date((given.created_at ?? seconds()) * 1_000).toISOString(),
      created_by: given.created_by,
      last_executed_at: null,
      frequency: given.frequency ?? '0 3 * * *',
      prompt: given.prompt ?? 'go on',
    };
  }

  function newAct(given: NewAct) {
    return {
      sequence: next(),
      view: {
        audit_log_id: id('audit-'),
        action: given.action,
        created_at: given.created_at ?? seconds(),
        data: given.data ?? {},
        org_id: given.org_id === undefined ? ORG : given.org_id,
        service_user_id: given.service_user_id,
        service_user_name: null,
        user_id: null,
        user_email: null,
      },
    };
  }

  return {
    sessions,
    schedules,
    acts,
    startSession(given: NewSession) {
      const session = newSession(given);
      sessions.set(session.view.session_id, session);
      sessions.get(given.parent ?? '')?.view.child_session_ids.push(session.view.session_id);
      return session;
    },
    createSchedule(given: NewSchedule) {
      const schedule = newSchedule(given);
      schedules.push(schedule);
      return schedule;
    },
    act(given: NewAct): void {
      acts.push(newAct(given));
    },
    /** ends by itself, or by somebody else */
    endSession(sessionId: string, status = 'exit'): void {
      const session = sessions.get(sessionId);
      if (session) session.view.status = status;
    },
  };
}

type ActivityCall = Pick<Call, 'request' | 'pageSize'> & { activity: ActivityState };

export function listSessions({ activity, pageSize, request }: ActivityCall): SandboxAnswer {
  const first = count(request, 'first', 100, 200);
  if (first === undefined) return invalid(['query', 'first'], 'Input should be between 1 and 200');
  const users = request.query.getAll('service_user_ids');
  const origins = request.query.getAll('origins');
  const after = Number(request.query.get('created_after') ?? 0);
  const items = [...activity.sessions.values()].filter(
    ({ origin, view }) =>
      view.created_at > after &&
      (users.length === 0 || users.includes(view.service_user_id ?? '')) &&
      (origins.length === 0 || origins.includes(origin)),
  );
  return page(items, request, Math.min(first, pageSize), ({ view }) => view);
}

export function terminateSession(
  { activity, request }: ActivityCall,
  org: string,
  sessionId: string,
): SandboxAnswer {
  const session = activity.sessions.get(sessionId);
  if (session === undefined || session.view.org_id !== org) {
    return problem(404, request.path, 'Session not found');
  }
  session.view.status = 'exit';
  session.view.is_archived ||= request.query.get('archive') === 'true';
  return { status: 200, body: session.view };
}

export function listSchedules({ activity, request }: ActivityCall, org: string): SandboxAnswer {
  const limit = count(request, 'limit', 50, 100);
  if (limit === undefined) return invalid(['query', 'limit'], 'Input should be between 1 and 100');
  const offset = Number(request.query.get('offset') ?? 0);
  const all = activity.schedules.filter(({ org_id }) => org_id === org);
  const items = all.slice(offset, offset + limit);
  const body = { items, has_next_page: offset + items.length < all.length, total: all.length };
  return { status: 200, body };
}

export function listAuditLogs({ activity, pageSize, request }: ActivityCall): SandboxAnswer {
  const first = count(request, 'first', 100, 200);
  if (first === undefined) return invalid(['query', 'first'], 'Input should be between 1 and 200');
  const from = request.query.get('time_after');
  const to = request.query.get('time_before');
  if (to !== null && from === null) return invalid(['query', 'time_before'], 'time_after is required');
  if (to !== null && Number(to) - Number(from) > 100 * 86_400) {
    return invalid(['query', 'time_before'], 'The range must not exceed 100 days');
  }
  const action = request.query.get('action');
  const items = activity.acts.filter(
    ({ view }) =>
      view.created_at >= Number(from ?? 0) &&
      view.created_at <= Number(to ?? Number.POSITIVE_INFINITY) &&
      (action === null || view.action === action),
  );
  const order = request.query.get('order') === 'asc' ? 1 : -1;
  const ordered = items.map((item) => ({ ...item, sequence: order * item.sequence }));
  return page(ordered, request, Math.min(first, pageSize), ({ view }) => view);
}

function count(request: SandboxRequest, name: string, standard: number, most: number): number | undefined {
  const value = Number(request.query.get(name) ?? standard);
  return Number.isInteger(value) && value >= 1 && value <= most ? value : undefined;
}
