import { AsyncResource, createHook } from "node:async_hooks";
import type { EscapedAwaitError } from "../errors.ts";

/**
 * How many things Node waits for: requests to the file system, sockets, timers of its own.
 *
 * A simulation begins none; so where there is one more after a step, that step has begun it.
 */
function hostResources(): number {
  return process.getActiveResourcesInfo().length;
}

/** Where nobody is pending, the host's resources are looked at once in so many steps. */
const LOOK_EVERY = 32;

/** Notices that a run has asked the host for something. */
export class EscapeWatch {
  found: EscapedAwaitError | true | undefined;
  #before = 0;

  /** What there is now is not the run's. */
  begin(): void {
    this.#before = hostResources();
  }

  /** True where it has; looks each time where somebody is pending, else now and then. */
  look(steps: number, isPending: boolean): boolean {
    if (this.found !== undefined) return true;
    if (!isPending && steps % LOOK_EVERY !== 0) return false;
    if (hostResources() > this.#before) this.found = true;
    return this.found !== undefined;
  }
}

/** What is no request to the host, or asks it to print something. */
const HARMLESS = new Set([
  "PROMISE",
  "TickObject",
  "Microtask",
  "BLOBREADER",
  "PIPEWRAP",
  "TTYWRAP",
  "SIGNALWRAP",
  "WRITEWRAP",
]);
/** For what it does at once, Node has the same objects as for what it does later. */
const AT_ONCE = /Sync\b|\bsyncBuffer/;

function isRequest(type: string, resource: object): boolean {
  if (HARMLESS.has(type) || resource instanceof AsyncResource) return false;
  return !AT_ONCE.test(new Error().stack ?? "");
}

/** Something that the host was asked for, and where. */
export interface HostRequest {
  /** `FSReqPromise`, `TCPWRAP`, `Timeout`. */
  readonly type: string;
  /** Of the code that asked, without Node's own lines. */
  readonly stack: string;
}

/**
 * Runs something and finds the first thing that it asks the host for.
 *
 * `onFound` is called while the code that asks is on the stack. Slow, because Node then tells of each
 * promise: a run that can be repeated is repeated under it.
 */
export function firstHostRequest(run: () => void, onFound: () => void): HostRequest | undefined {
  let found: HostRequest | undefined;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (found !== undefined || !isRequest(type, resource)) return;
      found = { type, stack: userStack() };
      onFound();
    },
  }).enable();
  try {
    run();
  } finally {
    hook.disable();
    Error.stackTraceLimit = stackTraceLimit;
  }
  return found;
}

function userStack(): string {
  const lines = new Error().stack?.split("\n") ?? [];
  const own = lines
    .slice(3)
    .filter((line) => !line.includes("(node:") && !line.includes("at node:"));
  return own.join("\n");
}
