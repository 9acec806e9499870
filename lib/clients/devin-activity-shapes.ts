import * as z from 'zod/mini';
import { listOf } from '../platform/list-of.ts';
import { pageOf } from './page-of.ts';

// Shapes: https://docs.devin.ai, API reference v3. Loose: unknown fields pass.
const text = z.nullish(z.string());
const Session = z.object({
  session_id: z.string(),
  org_id: z.string(),
  status: z.string(),
  created_at: z.number(),
  url: text,
  title: text,
  pull_requests: z.nullish(listOf(z.object({ pr_url: text }))),
  user_id: text,
  service_user_id: text,
  parent_session_id: text,
  child_session_ids: z.nullish(listOf(z.string())),
});
/** One session; `created_at` in UNIX seconds. Its texts are whatever its starter wrote. */
export type Session = z.infer<typeof Session>;

const AuditEntry = z.object({
  action: z.string(),
  created_at: z.number(),
  data: z.unknown(),
  org_id: text,
  service_user_id: text,
});
/** One act in the enterprise's audit log; `created_at` in UNIX seconds, `data` differs by action. */
export type AuditLogEntry = z.infer<typeof AuditEntry>;

const Schedule = z.object({
  scheduled_session_id: z.string(),
  org_id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  /** RFC 3339. */
  created_at: z.string(),
  created_by: text,
  frequency: text,
});
export type Schedule = z.infer<typeof Schedule>;

export const SessionPage = pageOf(Session);
export const AuditPage = pageOf(AuditEntry);
export const SchedulePage = pageOf(Schedule);
