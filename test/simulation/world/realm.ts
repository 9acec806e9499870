import * as crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
import type { Chance } from './chance.ts';
import type { RealmSources } from './realm-build.ts';
import type { Actor, Scheduler, Timer } from './scheduler.ts';
import { simulatedHttp, type Transmit } from './simulated-http.ts';

type Module = Record<string, unknown>;
type Evaluate = (require: (name: string) => unknown) => Module;

/** The world whose turn it is; a thread plays one after the other. */
export interface Turn {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  /** Sends a request of whoever runs now. */
  readonly transmit: Transmit;
  readonly listen: (server: never) => string;
}

/** The code under test, compiled once a thread. */
export interface Realm {
  /** Sets the world in which all that follows takes place. */
  enter(turn: Turn): void;
  /** A new container's module of a function. */
  load(name: keyof RealmSources['functions']): Module;
  standIns(): Module;
}

const nodeRequire = createRequire(import.meta.url);

/**
 * Code in a realm sees the clock, the timers, the chance, the environment and the network of the world. Everything is
 * looked up for the one who runs in this step, so that one copy of a package serves all.
 */
export function openRealm(sources: RealmSources): Realm {
  let turn: Turn | undefined;
  const here = (): Turn => {
    if (turn === undefined) throw new Error('no world is played');
    return turn;
  };
  const globals = globalsOf(here, () => turn?.scheduler.actor?.env ?? {});
  const compile = (name: string, text: string): Evaluate => {
    const parameters = ['require', 'module', 'exports', ...Object.keys(globals)].join();
    const script = new Script(`(function (${parameters}) {${text}\n})`, {
      filename: `simulated/${name}.cjs`,
    });
    const run: (...values: unknown[]) => void = script.runInThisContext();
    return (require) => {
      const made = { exports: {} };
      run(require, made, made.exports, ...Object.values(globals));
      return made.exports;
    };
  };

  const builtins = builtinsOf(here);
  const own = (name: string): unknown => builtins[name.replace(/^node:/, '')] ?? nodeRequire(name);
  const { packages } = compile('vendor', sources.vendor)(own) as { packages: Module };
  const require = (name: string): unknown => packages[name] ?? own(name);
  const functions = new Map(
    Object.entries(sources.functions).map(([name, text]) => [name, compile(name, text)]),
  );
  const standIns = compile('stand-ins', sources.standIns);
  return {
    enter(next) {
      turn = next;
    },
    load: (name) => functions.get(name)!(require),
    standIns: () => standIns(require),
  };
}

function globalsOf(here: () => Turn, env: () => Actor['env']): Record<string, unknown> {
  const wall = () =>
    here().scheduler.epoch + here().scheduler.now + (here().scheduler.actor?.clockOffset ?? 0);
  class VirtualDate extends Date {
    // A date is made of any of the forms that Date takes, or of now.
    constructor(...given: [] | [number | string | Date]) {
      if (given.length === 0) super(Math.floor(wall()));
      else super(...given);
    }
    static override now(): number {
      return Math.floor(wall());
    }
  }
  const set = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): TimerHandle => {
    const { actor } = here().scheduler;
    if (actor === undefined) throw new Error('a timer is set although nobody runs');
    return new TimerHandle(actor.schedule(Math.max(1, ms), () => run(...given)));
  };
  const every = (run: () => void, ms = 1): TimerHandle => {
    const again = () => {
      handle.timer = set(again, ms).timer;
      run();
    };
    const handle = set(again, ms);
    return handle;
  };
  const clear = (handle: TimerHandle | undefined): void => {
    if (handle?.timer !== undefined) handle.timer.cancelled = true;
  };
  const stdout = { write: (text: string) => here().scheduler.actor?.write(text) };
  return {
    Date: VirtualDate,
    Math: Object.create(Math, { random: { value: () => here().chance.next() } }),
    performance: { now: () => here().scheduler.now },
    setTimeout: set,
    clearTimeout: clear,
    setInterval: every,
    clearInterval: clear,
    setImmediate: (run: () => void) => here().scheduler.actor?.schedule(0, run),
    process: Object.create(process, {
      env: { get: env },
      stdout: { value: stdout },
      stderr: { value: stdout },
    }),
    console: { log: stdout.write, info: stdout.write, warn: stdout.write, error: stdout.write },
    AbortSignal: Object.create(AbortSignal, {
      timeout: {
        value: (ms: number) => {
          const aborting = new AbortController();
          set(() => aborting.abort(new DOMException('timed out', 'TimeoutError')), ms);
          return aborting.signal;
        },
      },
    }),
  };
}

class TimerHandle {
  timer: Timer;

  constructor(timer: Timer) {
    this.timer = timer;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

/** The keys of a thread: making one takes longer than a world does. */
const keyPairs = new Map<string, unknown>();

function builtinsOf(here: () => Turn): Record<string, unknown> {
  const bytes = (count: number) => here().chance.bytes(count);
  const http = simulatedHttp((sent, exchange) => here().transmit(sent, exchange));
  const noFile = async () => {
    throw Object.assign(new Error('the simulation has no files'), { code: 'ENOENT' });
  };
  return {
    http,
    https: http,
    tls: { connect: () => ({}), createSecureContext: () => ({}) },
    crypto: {
      ...crypto,
      randomBytes: bytes,
      randomInt: (from: number, to?: number) =>
        to === undefined ? here().chance.whole(0, from - 1) : here().chance.whole(from, to - 1),
      randomUUID: () => {
        const hex = bytes(16).toString('hex');
        return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
      },
      // A signature by an elliptic curve is another one each time.
      sign: (_algorithm: string, data: Buffer) => crypto.createHash('sha256').update(data).digest(),
      generateKeyPairSync: (type: 'ec', options: crypto.ECKeyPairKeyObjectOptions) => {
        if (!keyPairs.has(type)) keyPairs.set(type, crypto.generateKeyPairSync(type, options));
        return keyPairs.get(type);
      },
    },
    'fs/promises': { readFile: noFile },
    'simulation:network': { listen: (server: never) => here().listen(server) },
  };
}
