import type * as z from 'zod/mini';
import type { FirstName } from '../../aws/list-objects.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { countdown } from '../../domain/time.ts';
import { badEvent } from '../../intake/request.ts';
import { parseJson } from '../../platform/parse-json.ts';
import { Acted, Page, Release, Start, Summary } from './plan.ts';

/** A plan could not be stored or read back. Without its plan a sweep does nothing. */
export class PlanStoreError extends Error {
  override readonly name = 'PlanStoreError';
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
const PARTS: { [K in keyof Parts]: z.ZodMiniType<Parts[K]> } = {
  start: Start,
  summary: Summary,
  release: Release,
};
const PAGES: { [K in keyof Pages]: z.ZodMiniType<Pages[K]> } = { pages: Page, acted: Acted };

/** The plans in the audit bucket. What is stored is never overwritten: `putIfAbsent` returns what is there in the end. */
export interface PlanStore {
  putIfAbsent<K extends keyof Parts>(part: K, value: Parts[K]): Promise<Parts[K]>;
  find<K extends keyof Parts>(part: K, planId: string): Promise<Parts[K] | undefined>;
  putPageIfAbsent<K extends keyof Pages>(kind: K, value: Pages[K]): Promise<Pages[K]>;
  findPage<K extends keyof Pages>(kind: K, planId: string, page: number): Promise<Pages[K] | undefined>;
  /** Enters a complete plan into the index that `findPrevious` reads. */
  addToIndex(summary: Summary): Promise<void>;
  /** The last complete plan that was begun before this moment, epoch milliseconds. */
  findPrevious(startedAt: number): Promise<Summary | undefined>;
  /** Stores a note of its own, such as that of a warning. @returns whether it was not there before */
  putNote(path: string, note: object): Promise<boolean>;
  hasNote(path: string): Promise<boolean>;
}

/** Every method throws {@link PlanStoreError}. @param deadline epoch milliseconds */
export function planStore(store: AuditStore, firstName: FirstName, deadline: number): PlanStore {
  const retry = () => ({ deadline: Math.max(deadline, Date.now() + 3_000), attempts: 6 });

  async function put(path: string, value: object): Promise<boolean> {
    const stored = await store.put(path, value, retry());
    if (stored.result === 'failed') throw new PlanStoreError(stored.reason);
    return stored.result === 'stored';
  }

  async function get<T>(path: string, schema: z.ZodMiniType<T>): Promise<T | undefined> {
    const found = await store.get(path, retry());
    if (!found.ok) throw new PlanStoreError(`the plan cannot be read (${found.reason})`);
    if (found.text === undefined) return undefined;
    const value = parseJson(found.text, schema);
    if (value === undefined) throw new PlanStoreError(`${path} is not readable`);
    return value;
  }

  async function putAt<T extends object>(path: string, schema: z.ZodMiniType<T>, value: T): Promise<T> {
    if (await put(path, value)) return value;
    const standing = await get(path, schema);
    if (standing === undefined) throw new PlanStoreError(`${path} exists and cannot be found`);
    return standing;
  }

  return {
    putIfAbsent: (part, value) => putAt(partPath(value.plan_id, part), PARTS[part], value),
    find: (part, planId) => get(partPath(planId, part), PARTS[part]),
    putPageIfAbsent: (kind, value) => putAt(pagePath(value.plan_id, kind, value.page), PAGES[kind], value),
    findPage: (kind, planId, page) => get(pagePath(planId, kind, page), PAGES[kind]),
    async addToIndex({ plan_id, started_at }) {
      await put(indexPath(started_at, plan_id), { version: 1, plan_id });
    },
    async findPrevious(startedAt) {
      // `~` sorts after every plan id of the same moment.
      const startAfter = indexPath(startedAt, '~');
      const first = await firstName({ prefix: INDEX, startAfter }, retry());
      if (!first.ok) throw new PlanStoreError(`the index of plans cannot be read (${first.reason})`);
      if (first.name === undefined) return undefined;
      const planId = first.name.slice(INDEX.length + 15, -'.json'.length);
      const summary = await get(partPath(planId, 'summary'), Summary);
      if (summary === undefined) throw new PlanStoreError('the previous plan does not exist');
      return summary;
    },
    putNote: put,
    async hasNote(path) {
      const found = await store.get(path, retry());
      if (!found.ok) throw new PlanStoreError(`a note cannot be read (${found.reason})`);
      return found.text !== undefined;
    },
  };
}

/** A page that has to exist. @throws {BadEventError} @throws {PlanStoreError} */
export async function readPage(planId: string, page: number, plans: PlanStore): Promise<Page> {
  const found = await plans.findPage('pages', planId, page);
  if (found === undefined) throw badEvent(['there is no such page of the plan']);
  return found;
}

/** A plan that has to exist. @throws {BadEventError} @throws {PlanStoreError} */
export async function readPlan(planId: string, plans: PlanStore): Promise<Start> {
  const start = await plans.find('start', planId);
  if (start === undefined) throw badEvent(['there is no such plan']);
  return start;
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
