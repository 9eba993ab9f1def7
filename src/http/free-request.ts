import { BadInputError, type AnyRef } from "../index.ts";
import { cellOf } from "../kernel/ref.ts";
import { createHostWorld } from "../world/host-world.ts";
import { Wheel } from "../kernel/wheel.ts";
import { RequestLife } from "./request-scope.ts";

/** Of requests that know no system: there is one for all of them, where there are any. */
let hostWheel: Wheel | undefined;

/** A request that came by no server of ours, as in tests of a handler, or in another host. */
export class FreeRequest extends RequestLife<undefined> {
  readonly incoming = undefined;
  readonly outgoing = undefined;
  readonly #what: string;

  /** In the time of the actor's system, where one is given. */
  constructor(what: string, deadlineMs: number, of: AnyRef | undefined) {
    const wheel = of === undefined ? undefined : cellOf(of).kernel.wheel;
    super(wheel ?? (hostWheel ??= new Wheel(createHostWorld())), undefined);
    this.#what = what;
    this.limit(deadlineMs);
  }

  describe(): string {
    return this.#what;
  }

  /** Whoever has the request sees to its failures. */
  fail(error: unknown): void {
    this.abort(error);
  }

  /** Ends with a signal of somebody else's. */
  follow(signal: AbortSignal): void {
    if (signal.aborted) this.abort(signal.reason);
    else signal.addEventListener("abort", () => this.abort(signal.reason), { once: true });
  }
}

/** Refuses what are no refs by name, when the application is put together. */
export function checkRefs(what: string, refs: unknown): void {
  if (typeof refs !== "object" || refs === null) {
    throw new BadInputError(`${what}: give it refs by name, as in ${what}({ counter })`);
  }
  for (const ref of Object.values(refs)) cellOf(ref as AnyRef);
}
