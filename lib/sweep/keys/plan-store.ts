import type * as z from 'zod/mini';
import type { FirstName } from '../../audit/list.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { parseJson } from '../../platform/parse-json.ts';
import { countdown } from './kill-switch.ts';
import { Acted, Page, Release, Start, Summary } from './plan.ts';

/** A plan could not be stored or read back. Without its plan a sweep does nothing. */
export class ShelfError extends Error {
  override readonly name = 'ShelfError';
  readonly code = 'plan_store';
}

interface Parts {
  start: Start;
  summary: Summary;
  release: Release;
}
interface Pages {
  pages: Page;
  acted: Acted;
}
type SchemaOf<T> = z.core.$ZodType<T>;
const PARTS: { [K in keyof Parts]: SchemaOf<Parts[K]> } = {
  start: Start,
  summary: Summary,
  release: Release,
};
const PAGES: { [K in keyof Pages]: SchemaOf<Pages[K]> } = { pages: Page, acted: Acted };

/** The plans in the audit bucket. What is once there stays as it is: `keep` answers with what stands. */
export interface Shelf {
  keep<K extends keyof Parts>(part: K, value: Parts[K]): Promise<Parts[K]>;
  find<K extends keyof Parts>(part: K, planId: string): Promise<Parts[K] | undefined>;
  keepPage<K extends keyof Pages>(kind: K, value: Pages[K]): Promise<Pages[K]>;
  findPage<K extends keyof Pages>(kind: K, planId: string, page: number): Promise<Pages[K] | undefined>;
  /** Enters a complete plan into the index that `before` reads. */
  index(summary: Summary): Promise<void>;
  /** The last complete plan that was begun before this moment, epoch milliseconds. */
  before(startedAt: number): Promise<Summary | undefined>;
  /** Whether this is the first time that the mark is made. */
  mark(path: string, value: object): Promise<boolean>;
}

/** @param deadline epoch milliseconds */
export function shelf(store: AuditStore, firstName: FirstName, deadline: number): Shelf {
  const retry = () => ({ deadline: Math.max(deadline, Date.now() + 3_000), attempts: 6 });

  async function put(path: string, value: object): Promise<boolean> {
    const stored = await store.put(path, value, retry());
    if (stored.result === 'failed') throw new ShelfError(stored.reason);
    return stored.result === 'stored';
  }

  async function get<T>(path: string, schema: SchemaOf<T>): Promise<T | undefined> {
    const found = await store.get(path, retry());
    if (!found.ok) throw new ShelfError(`the plan can not be read (${found.reason})`);
    if (found.text === undefined) return undefined;
    const value = parseJson(found.text, schema);
    if (value === undefined) throw new ShelfError(`${path} is not readable`);
    return value;
  }

  async function keepAt<T extends object>(path: string, schema: SchemaOf<T>, value: T): Promise<T> {
    if (await put(path, value)) return value;
    const standing = await get(path, schema);
    if (standing === undefined) throw new ShelfError(`${path} is there and can not be found`);
    return standing;
  }

  return {
    keep: (part, value) => keepAt(partPath(value.plan_id, part), PARTS[part], value),
    find: (part, planId) => get(partPath(planId, part), PARTS[part]),
    keepPage: (kind, value) => keepAt(pagePath(value.plan_id, kind, value.page), PAGES[kind], value),
    findPage: (kind, planId, page) => get(pagePath(planId, kind, page), PAGES[kind]),
    async index(summary) {
      await put(indexPath(summary.started_at, summary.plan_id), { version: 1, plan_id: summary.plan_id });
    },
    async before(startedAt) {
      // `~` sorts after every plan id of the same moment.
      const startAfter = indexPath(startedAt, '~');
      const first = await firstName({ prefix: INDEX, startAfter }, retry());
      if (!first.ok) throw new ShelfError(`the index of plans can not be read (${first.reason})`);
      if (first.name === undefined) return undefined;
      const planId = first.name.slice(INDEX.length + 15).replace(/\.json$/, '');
      const summary = await get(partPath(planId, 'summary'), Summary);
      if (summary === undefined) throw new ShelfError('the previous plan is not there');
      return summary;
    },
    mark: put,
  };
}

const INDEX = 'plans/index/';

function indexPath(startedAt: number, planId: string): string {
  return `${INDEX}${countdown(startedAt)}-${planId}.json`;
}

function partPath(planId: string, part: string): string {
  return `plans/${planId}/${part}.json`;
}

function pagePath(planId: string, kind: string, page: number): string {
  return `plans/${planId}/${kind}/${String(page).padStart(6, '0')}.json`;
}
