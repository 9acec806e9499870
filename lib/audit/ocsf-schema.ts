import * as z from 'zod/mini';
import { outcomeVariants } from '../domain/outcome.ts';
import { AlertClosure } from '../domain/outcome-facts.ts';
import { redact } from '../domain/redact.ts';
import { LeakReport } from '../domain/report.ts';

/** A schema is built when a record first needs it: a cold start has other things to do before. */
function once<T>(build: () => T): () => T {
  let built: T | undefined;
  return () => {
    built ??= build();
    return built;
  };
}

const text = z.string();
const id = z.int();

/** The report that a record answers: as on the queue, except that a token given alone leaves nothing but its kind. */
const Subject = z.strictObject({
  ...LeakReport.shape,
  leak: z.union([LeakReport.shape.leak, z.strictObject({ kind: z.literal('token') })]),
});

const context = {
  /** How often the report was delivered so far, this time included. */
  attempt: id,
  report: Subject,
};

const intentFacts = once(() =>
  z.strictObject({
    ...context,
    kind: z.literal('intent'),
    service_user_id: text,
    api_key_id: z.optional(text),
    /** Epoch milliseconds: written beside the DELETE, whose answer may be lost. */
    delete_sent_at: z.optional(id),
  }),
);

const alertFacts = once(() =>
  z.strictObject({
    ...context,
    kind: z.literal('alert'),
    service_user_id: z.optional(text),
    api_key_id: z.optional(text),
    alert: AlertClosure,
  }),
);

/** An outcome with all its fields, whatever they come to be, inside a record. */
const recorded = (option: ReturnType<typeof outcomeVariants>[number]) =>
  z.extend(option, {
    ...context,
    kind: z.enum(['outcome', 'attempt', 'rehearsal']),
    /** `false` marks a revocation that was not preceded by a stored intent, since the store was down. */
    intent_stored: z.optional(z.literal(false)),
  });
const endingFacts = once(() => {
  const [first, ...others] = outcomeVariants();
  return z.discriminatedUnion('status', [recorded(first), ...others.map(recorded)]);
});

/** What OCSF has no place for. https://schema.ocsf.io/1.8.0/classes/base_event */
type Facts = z.infer<ReturnType<typeof intentFacts | typeof alertFacts | typeof endingFacts>>;

function factsSchema(kind: Facts['kind']) {
  switch (kind) {
    case 'intent':
      return intentFacts();
    case 'alert':
      return alertFacts();
    case 'attempt':
    case 'rehearsal':
    case 'outcome':
      return endingFacts();
    default:
      return kind satisfies never;
  }
}

const coded = {
  severity_id: id,
  severity: text,
  status_id: id,
  status: text,
  status_code: text,
  status_detail: text,
  action_id: id,
  action: text,
  disposition_id: id,
  disposition: text,
  confidence_id: z.optional(id),
  confidence: z.optional(text),
};

/**
 * All that a record may hold, and nothing else: an object with any other field is not written. The rules of OCSF are
 * in cli/audit/verify/ocsf-7001.schema.json.
 */
const envelope = once(() =>
  z.strictObject({
    class_uid: z.literal(7001),
    class_name: text,
    category_uid: z.literal(7),
    category_name: text,
    activity_id: id,
    activity_name: text,
    type_uid: id,
    type_name: text,
    /** Epoch milliseconds. */
    time: id,
    timezone_offset: id,
    ...coded,
    message: text,
    command_uid: text,
    countermeasures: z.optional(
      z.array(
        z.strictObject({
          version: text,
          d3f_tactic: z.strictObject({ name: text }),
          d3f_technique: z.strictObject({ uid: text, name: text, src_url: text }),
        }),
      ),
    ),
    remediation: z.strictObject({ desc: text }),
    metadata: z.strictObject({
      version: text,
      profiles: z.array(text),
      uid: text,
      correlation_uid: text,
      log_name: text,
      original_time: text,
      product: z.strictObject({ name: text, vendor_name: text, version: text }),
    }),
    cloud: z.strictObject({
      provider: text,
      region: text,
      account: z.optional(z.strictObject({ uid: text, type_id: id, type: text })),
    }),
    actor: z.strictObject({
      app_name: text,
      invoked_by: text,
      user: z.optional(z.strictObject({ name: text })),
    }),
    api: z.strictObject({
      operation: text,
      service: z.strictObject({ name: text, version: text }),
      request: z.strictObject({ uid: text }),
      response: z.optional(z.strictObject({ code: id })),
    }),
    is_alert: z.boolean(),
    observables: z.optional(z.array(z.strictObject({ name: text, type_id: id, type: text, value: text }))),
    enrichments: z.optional(
      z.array(
        z.strictObject({
          name: text,
          value: text,
          type: text,
          provider: text,
          data: z.record(text, z.union([text, z.number(), z.boolean()])),
        }),
      ),
    ),
  }),
);
export type AuditRecord = RecordOf<Facts>;
/** A record with facts of another schema. */
export type RecordOf<T> = z.infer<ReturnType<typeof envelope>> & { unmapped: T };

/** Without code generation, which costs more than it saves for the three records of an invocation. */
const JITLESS = { jitless: true };

/**
 * A record as it is written. A field that the schema does not name is an error, and tokens in its text are redacted.
 *
 * @throws {z.core.$ZodError}
 */
export function serialise(record: AuditRecord): string {
  return serialiseAs<Facts>(factsSchema(record.unmapped.kind), record);
}

/**
 * As `serialise`, for facts of another schema.
 *
 * @param clean takes tokens out of the text; without it only where there is no free text, since a hash looks like a token
 * @throws {z.core.$ZodError}
 */
export function serialiseAs<T>(
  schema: z.core.$ZodType<T>,
  { unmapped, ...rest }: RecordOf<T>,
  clean: (text: string) => string = redact,
): string {
  const record = {
    ...z.parse(envelope(), rest, JITLESS),
    unmapped: z.parse(schema, unmapped, JITLESS),
  };
  return clean(JSON.stringify(record));
}
