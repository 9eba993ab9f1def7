import { BadInputError, type AnyRef } from "../index.ts";
import { onAbort } from "../kernel/abort.ts";
import { kernelOf, type Owner } from "../kernel/kernel-of.ts";
import { checkLimit } from "../kernel/options.ts";
import { cellOf } from "../kernel/ref.ts";
import { Wheel } from "../kernel/wheel.ts";
import { createHostWorld } from "../world/host-world.ts";
import { RequestLife, type RequestScope } from "./request-scope.ts";

/** A scope without a server. */
export interface FreeScopeOptions<S> {
  /** What the handler is to find as `scope.state`. */
  readonly state?: S;
  /** Time in ms, by the system's clock. Default 30,000. */
  readonly deadlineMs?: number;
  /** Ends the request when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Makes a scope for a request that came by no server of ours: in a test, or in another host.
 *
 * ```ts
 * using scope = requestScope(kit.system, { deadlineMs: 1_000 });
 * const response = await handler(new Request("http://test/count"), scope);
 * ```
 *
 * Its time is counted until it is disposed of.
 */
export function requestScope<S = undefined>(
  owner: Owner,
  { state, deadlineMs = 30_000, signal }: FreeScopeOptions<S> = {},
): RequestScope<S> & Disposable {
  checkLimit("requestScope: deadlineMs", deadlineMs);
  // Without a state it is undefined, which is what `S` is then.
  return new FreeRequest("request", kernelOf(owner).wheel, state as S, deadlineMs, signal);
}

/** A request that came by no server of ours. */
export class FreeRequest<S> extends RequestLife<S> implements Disposable {
  readonly incoming = undefined;
  readonly outgoing = undefined;
  readonly #what: string;
  readonly #unfollow: () => void = () => {};

  constructor(what: string, wheel: Wheel, state: S, deadlineMs: number, signal?: AbortSignal) {
    super(wheel, state);
    this.#what = what;
    this.limit(deadlineMs);
    if (signal?.aborted === true) this.abort(signal.reason);
    else if (signal !== undefined) {
      this.#unfollow = onAbort(signal, () => this.abort(signal.reason));
    }
  }

  describe(): string {
    return this.#what;
  }

  /** Whoever has the request sees to its failures. */
  fail(error: unknown): void {
    this.abort(error);
  }

  [Symbol.dispose](): void {
    this.close();
    this.#unfollow();
  }
}

/** Of requests that know no system: there is one for all of them, where there are any. */
let hostWheel: Wheel | undefined;

/** The time of an actor's system; without one, the host's. */
export function wheelOf(ref: AnyRef | undefined): Wheel {
  if (ref !== undefined) return cellOf(ref).kernel.wheel;
  return (hostWheel ??= new Wheel(createHostWorld()));
}

/** Refuses what are no refs by name, when the application is put together. */
export function checkRefs(what: string, refs: unknown): void {
  if (typeof refs !== "object" || refs === null) {
    throw new BadInputError(`${what}: give it refs by name, as in ${what}({ counter })`);
  }
  for (const ref of Object.values(refs)) cellOf(ref as AnyRef);
}
