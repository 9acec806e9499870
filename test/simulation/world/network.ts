import type { SandboxAnswer, SandboxRequest, ServerOptions } from '../../../sandbox/http-server.ts';
import type { Chance } from './chance.ts';
import type { Container } from './container.ts';
import { drawFault, drawShortening, type Fault, type Service } from './faults.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import type { Exchange, Sent } from './simulated-http.ts';

/** A request that a function sent, and what became of it. */
export interface Call {
  readonly container: Container;
  readonly service: Service;
  readonly operation: string;
  readonly request: SandboxRequest;
  readonly sent: Sent;
  /** The invocation that sent it; none while a container starts. */
  readonly invocation: Container['invocation'];
}

export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly world: Actor;
  /** The probability that a request meets a fault now. */
  faultRate(service: Service): number;
  /** The probability that a listing of Devin lacks its end. */
  listingFaultRate(): number;
  /** Milliseconds that a request takes longer than others. */
  holdUpMs(call: Call): number;
  /** The container dies here, or not. `nth`: of the requests of the functions. */
  dies(call: Call, nth: number, when: 'before' | 'after'): boolean;
  onFault(call: Call, kind: string): void;
  /** Before a request takes effect. */
  onArrival(call: Call): void;
  /** Once a request took effect, whether its answer arrives or not. */
  onEffect(call: Call, answer: SandboxAnswer, fate: string): void;
}

const LISTINGS: ReadonlySet<string> = new Set(['listServiceUserApiKeys', 'listServiceUsers']);

/** Carries requests to the stand-ins, with all that can befall them on the way. */
export class Network {
  readonly #options: NetworkOptions;
  readonly #servers = new Map<string, { service: Service; server: ServerOptions }>();
  readonly #idle = new Map<string, number[]>();
  #connections = 0;
  #requests = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** How many requests the functions have sent. */
  get requests(): number {
    return this.#requests;
  }

  /** @returns the address at which it answers */
  listen(service: Service, server: ServerOptions): string {
    const origin = `http://127.0.0.1:${9_000 + this.#servers.size}`;
    this.#servers.set(origin, { service, server });
    return origin;
  }

  transmit(sent: Sent, exchange: Exchange, container: Container): void {
    // What it would do in the moment of its death does not happen.
    if (container.isDead) return;
    const { chance, dies, scheduler, world } = this.#options;
    const place = this.#servers.get(sent.origin);
    if (place === undefined) throw new Error(`nobody answers at ${sent.origin}`);
    const { server, service } = place;
    const request = this.#request(sent, container);
    const operation = server.describe?.(request).operation ?? sent.method;
    const call = { container, service, operation, request, sent, invocation: container.invocation };
    const nth = this.#requests++;
    if (dies(call, nth, 'before')) {
      container.kill('crashes before', operation);
      return;
    }
    const fault = this.#fault(service, operation);
    if (fault !== undefined) this.#options.onFault(call, fault.kind);
    const late = (fault?.does === 'delay' ? fault.ms : 0) + this.#options.holdUpMs(call);
    scheduler.at(scheduler.now + latency(chance) + late, world, () => {
      this.#arrive(call, nth, fault, exchange).catch((error: unknown) => world.write(`broken: ${error}`));
    });
  }

  #fault(service: Service, operation: string): Fault | undefined {
    const { chance, faultRate, listingFaultRate, scheduler } = this.#options;
    if (LISTINGS.has(operation) && chance.happens(listingFaultRate())) return drawShortening(chance);
    return chance.happens(faultRate(service))
      ? drawFault(service, chance, scheduler.epoch + scheduler.now)
      : undefined;
  }

  async #arrive(call: Call, nth: number, fault: Fault | undefined, exchange: Exchange): Promise<void> {
    const { dies, onArrival, onEffect } = this.#options;
    const { request } = call;
    const { server } = this.#servers.get(call.sent.origin)!;
    const answered = (answer: SandboxAnswer) => this.#answer(call, answer, exchange);
    switch (fault?.does) {
      case 'refuse': {
        const refusal = server.refuse?.(fault.status, request) ?? { status: fault.status, body: '' };
        return answered({ ...refusal, headers: { ...refusal.headers, ...fault.headers } });
      }
      case 'garble':
        return answered({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>wait</html>' });
      case 'lose':
      case 'reset':
        if (!fault.effect) return fault.does === 'reset' ? this.#reset(call, exchange) : undefined;
        break;
      default:
    }
    onArrival(call);
    const entry = { at: 0, method: request.method, path: request.path, query: request.rawQuery, status: 0 };
    const answer = await server.handle(request, entry);
    const isKilled = dies(call, nth, 'after');
    onEffect(call, answer, isKilled ? 'its container dies' : (fault?.kind ?? ''));
    if (isKilled) return call.container.kill('crashes after', call.operation);
    switch (fault?.does) {
      case 'lose':
        return;
      case 'reset':
        return this.#reset(call, exchange);
      case 'disguise':
        return answered(server.refuse?.(fault.status, request) ?? { status: fault.status });
      case 'shorten':
        return answered(shortened(answer, fault.way, this.#options.chance));
      default:
        return answered(answer);
    }
  }

  #answer({ container, request, sent }: Call, answer: SandboxAnswer, exchange: Exchange): void {
    const { body } = answer;
    const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
    const text = isJson ? JSON.stringify(body) : (body ?? '');
    const headers = Object.entries({
      ...(isJson && { 'content-type': 'application/json' }),
      ...answer.headers,
    });
    const lower = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
    container.schedule(latency(this.#options.chance), () => {
      if (!sent.ownConnection) this.#idleOf(container, sent.origin).push(request.connection ?? 0);
      exchange.answer(answer.status, lower, text);
    });
  }

  #reset({ container }: Call, exchange: Exchange): void {
    container.schedule(latency(this.#options.chance), () => exchange.reset());
  }

  /** A kept connection is used again, so that its requests meet the same node. */
  #request(
    { body, headers, method, origin, ownConnection, target }: Sent,
    container: Container,
  ): SandboxRequest {
    const [path = '', rawQuery = ''] = target.split('?', 2);
    const kept = ownConnection ? undefined : this.#idleOf(container, origin).pop();
    const connection = kept ?? this.#connections++;
    return { method, path, query: new URLSearchParams(rawQuery), rawQuery, headers, body, connection };
  }

  #idleOf({ id }: Container, origin: string): number[] {
    const place = `${id} ${origin}`;
    const idle = this.#idle.get(place) ?? [];
    this.#idle.set(place, idle);
    return idle;
  }
}

/** Milliseconds one way. */
function latency(chance: Chance): number {
  return chance.happens(0.05) ? chance.whole(100, 900) : chance.whole(2, 60);
}

/** The items are fewer than the listing has, and it does not say so openly. */
function shortened(
  answer: SandboxAnswer,
  way: 'no cursor' | 'shifted' | 'repeated',
  chance: Chance,
): SandboxAnswer {
  if (answer.status !== 200 || typeof answer.body !== 'object') return answer;
  const { items, ...page } = answer.body as { items: unknown[] };
  const missing = chance.pick(items);
  const fewer = items.filter((item) => item !== missing);
  switch (way) {
    case 'no cursor':
      return { ...answer, body: { ...page, items: fewer, has_next_page: true, end_cursor: null } };
    case 'shifted':
      return { ...answer, body: { ...page, items: fewer } };
    case 'repeated':
      return { ...answer, body: { ...page, items: fewer, has_next_page: true, end_cursor: 'MA' } };
    default:
      return way satisfies never;
  }
}
