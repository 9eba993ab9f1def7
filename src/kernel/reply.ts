import { passOn } from "./calls.ts";
import type { PendingCall } from "./pending-call.ts";
import type { Cell } from "./cell.ts";
import { Envelope } from "./envelope.ts";
import { ActorStoppedError, BadInputError } from "./errors.ts";
import { NOPROC } from "./exit-reason.ts";
import type { Incarnation } from "./incarnation.ts";
import { cellOf, waysOf, type AnyRef, type Way } from "./ref.ts";
import { besideActors } from "./running.ts";
import { both } from "./stop.ts";
import { pendingOf } from "./verb.ts";

declare const RESULT: unique symbol;

/**
 * A reply that is still to be given, by whoever has it, once.
 *
 * Giving it a second time, or after the caller has left, does nothing and is counted. If it is
 * never given, the caller's promise rejects when the actor that owes it ends.
 */
export class Reply<R> {
  /** Phantom: a call handler that returns this is typed by its result. */
  declare readonly [RESULT]?: R;
  readonly #call: PendingCall | null;

  /** Without a call, as when the message was a cast, it leads nowhere. */
  constructor(call: PendingCall | null) {
    this.#call = call;
  }

  /** False when the caller has its answer, or waits no more. */
  get isOpen(): boolean {
    return this.#call !== null && !this.#call.settled;
  }

  /** Gives the reply; what is still to come, a promise, when it has come. */
  resolve(value: R): void {
    const call = this.#call;
    const pending = pendingOf(value);
    if (pending === null) call?.resolve(value);
    else
      pending.then(
        (result) => call?.resolve(result),
        (error: unknown) => call?.reject(error),
      );
  }

  /** Rejects the caller with `error`, as a refusal does. */
  reject(error: unknown): void {
    this.#call?.reject(error);
  }

  /** Makes another actor the one that owes it: it rejects when that one ends. */
  handTo(ref: AnyRef): void {
    const call = this.#call;
    if (call === null || call.settled) return;
    const cell = cellOf(ref);
    const { incarnation, label, reason } = cell;
    if (cell.status === "stopped") {
      call.reject(new ActorStoppedError(label, "reply handed on", reason ?? NOPROC));
    } else if (passOn(call, cell)) {
      // One that was cut off owes nothing any more: what comes after it does, or the end itself.
      if (incarnation?.over === false) incarnation.owe(call);
      else (cell.extra.owedNext ??= []).push(call);
    }
  }
}

/** The call that a handler works on, as seen from inside. */
export class Request {
  readonly verb: string;
  readonly #call: PendingCall;
  #left: AbortController | null = null;

  constructor(verb: string, call: PendingCall) {
    this.verb = verb;
    this.#call = call;
  }

  /** Aborts when the caller has left: its time was up, or its own signal aborted. */
  get signal(): AbortSignal {
    if (this.#left === null) {
      const left = new AbortController();
      this.#left = left;
      if (this.#call.more?.left === true) left.abort();
      else this.#abortWhenLeft(left);
    }
    return this.#left.signal;
  }

  #abortWhenLeft(left: AbortController): void {
    const { extra, to } = this.#call;
    // The caller may be the one that runs: what listens here is not its code. Whoever the call was
    // passed on to, in another node, may be waiting for the same.
    extra.onLeave = both(extra.onLeave, () => besideActors(to.kernel, () => left.abort()));
  }

  /** Whether that is what `signal` has aborted with, and so comes of nothing but the caller's leaving. */
  hasLeftWith(error: unknown): boolean {
    const signal = this.#left?.signal;
    if (signal?.aborted !== true) return false;
    if (error === signal.reason) return true;
    // Node's timers, streams and child processes reject with an error of their own, for that cause.
    return error instanceof Error && error.name === "AbortError" && error.cause === signal.reason;
  }

  /** Time that the caller still waits, in ms; `Infinity` without a limit, 0 when it has left. */
  get remainingMs(): number {
    return this.#call.remainingMs;
  }
}

/** A ref's calls, as they look when the running call is passed on to them. */
export type Forwarding<A> = {
  readonly [
    K in keyof A as A[K] extends (...args: never[]) => Promise<unknown> ? K : never
  ]: A[K] extends (...args: infer Args) => Promise<infer R> ? (...args: Args) => Reply<R> : never;
};

/** Makes the face of a ref through which the running call is passed on. */
export function forwardTo(incarnation: Incarnation, call: PendingCall, ref: AnyRef): object {
  const face: Record<string, unknown> = {};
  for (const [name, way] of waysOf(ref)) {
    if (way.verb.kind === "call") face[name] = forwarder(incarnation, call, cellOf(ref), way);
  }
  return face;
}

function forwarder(incarnation: Incarnation, call: PendingCall, to: Cell, way: Way) {
  const { verb, convert = (args) => args } = way;
  let used = false;
  return (...given: unknown[]): Reply<unknown> => {
    if (used)
      throw new BadInputError(`forward: the call has been passed on already, to ${to.label}`);
    const args = convert(given);
    used = true;
    incarnation.takeReply();
    if (!passOn(call, to)) return new Reply(call);
    to.kernel.router.deliver(Envelope.of(to, verb, args, call, incarnation.cell));
    return new Reply(call);
  };
}
