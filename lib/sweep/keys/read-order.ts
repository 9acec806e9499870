import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { badEvent } from '../../intake/request.ts';
import { parseJson } from '../../platform/parse-json.ts';
import { PlanId } from './plan.ts';

/** Where a chain of invocations continues. Everything else is in the plan. */
export const Continuation = z.strictObject({
  version: z.literal(1),
  plan_id: PlanId,
  phase: z.enum(['plan', 'act']),
  /** From 1. */
  page: z.int().check(z.minimum(1)),
  /** How often this page was tried, this time included. */
  attempt: z.int().check(z.minimum(1)),
});
export type Continuation = z.infer<typeof Continuation>;

/** Who started a sweep: its schedule, or a person. */
export type InvokedBy = 'schedule' | 'console';

/** What the function is asked to do. */
export type Order =
  | {
      readonly order: 'start';
      readonly plan_id: string;
      readonly dry_run: boolean;
      readonly invoked_by: InvokedBy;
    }
  | ({ readonly order: 'continue' } & Continuation)
  | { readonly order: 'release'; readonly plan_id: string; readonly reason: string }
  | { readonly order: 'stop' | 'resume'; readonly reason: string };

const why = z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(500, 'is too long'));
const time = z.string().check(z.refine((value) => !Number.isNaN(Date.parse(value)), 'must be a time'));
/** What a person or EventBridge Scheduler sends, told apart by its one name; `request` is ours. */
const Direct = z.union([
  tagged('release', z.strictObject({ release: PlanId, reason: z.optional(why) })),
  tagged('continue', z.strictObject({ continue: PlanId })),
  tagged('stop', z.strictObject({ stop: why })),
  tagged('resume', z.strictObject({ resume: why })),
  // EventBridge Scheduler fills in the time for which it was due, the same at each of its retries.
  tagged('scheduled', z.strictObject({ scheduled_at: time })),
  tagged('run', z.strictObject({ dry_run: z.optional(z.boolean()) })),
]);
const Records = z.object({ Records: z.array(z.object({ body: z.string() })).check(z.length(1)) });
const Scheduled = z.object({ 'detail-type': z.literal('Scheduled Event'), id: z.string(), time });

function tagged<Name extends string, T extends object>(request: Name, schema: z.ZodMiniType<T>) {
  return z.pipe(
    schema,
    z.transform((value: T) => ({ request, ...value })),
  );
}

interface Run {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Reads the event of the function: of a schedule, of its own queue, or of a person.
 *
 * @param now epoch milliseconds
 * @throws {BadEventError}
 */
export function readOrder(event: unknown, { requestId, now }: Run): Order {
  const record = z.safeParse(Records, event).data?.Records[0];
  if (record !== undefined) {
    const continuation = parseJson(record.body, Continuation);
    if (continuation === undefined) throw badEvent(['the message is not a continuation of a sweep']);
    return { order: 'continue', ...continuation };
  }
  const scheduled = z.safeParse(Scheduled, event).data;
  if (scheduled !== undefined) return onSchedule(scheduled.time, { requestId, now });
  const direct = z.safeParse(Direct, event ?? {});
  if (!direct.success) throw badEvent([EXPECTED]);
  return fromRequest(direct.data, { requestId, now });
}

const EXPECTED =
  'must be {}, {"dry_run"}, {"scheduled_at"}, {"continue": plan id}, {"release": plan id, "reason"?}, {"stop": reason} or {"resume": reason}';

function fromRequest(direct: z.infer<typeof Direct>, run: Run): Order {
  switch (direct.request) {
    case 'release':
      return { order: 'release', plan_id: direct.release, reason: direct.reason ?? 'no reason given' };
    case 'continue':
      return { order: 'continue', version: 1, plan_id: direct.continue, phase: 'plan', page: 1, attempt: 1 };
    case 'stop':
      return { order: 'stop', reason: direct.stop };
    case 'resume':
      return { order: 'resume', reason: direct.resume };
    case 'scheduled':
      return onSchedule(direct.scheduled_at, run);
    case 'run':
      return start(run.now, run.requestId, direct.dry_run === true, 'console');
    default:
      return direct satisfies never;
  }
}

/** EventBridge Scheduler retries for a day, with the time for which the run was due. */
const SCHEDULE_RETRIES_MS = 26 * 3_600_000;

/** The same schedule delivered twice starts one plan; a time long ago is not that of a schedule, but of a person. */
function onSchedule(due: string, { now, requestId }: Run): Order {
  const at = Date.parse(due);
  const isDue = Math.abs(now - at) < SCHEDULE_RETRIES_MS;
  return isDue ? start(at, 'schedule', false, 'schedule') : start(now, requestId, false, 'console');
}

function start(at: number, origin: string, dry_run: boolean, invoked_by: InvokedBy): Order {
  const stamp = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  const short = createHash('sha256').update(`${at} ${origin}`).digest('hex').slice(0, 8);
  return { order: 'start', plan_id: `${stamp}-${short}`, dry_run, invoked_by };
}
