import { checkFunction, checkOneOf } from "./options.ts";
import { writeLine, diagnosticsChannel, type DiagnosticsChannel } from "../world/host.ts";
import { show, type ExitReason } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import { besideActors } from "./running.ts";

/** What a system tells about itself. `actor` is a label: the name, or `counter#17`. */
export type SystemEvent =
  | { readonly type: "spawned"; readonly actor: string; readonly parent: string }
  | { readonly type: "started"; readonly actor: string; readonly restarts: number }
  /** A hook or handler threw; what becomes of the actor is its parent's decision. */
  | {
      readonly type: "failed";
      readonly actor: string;
      readonly error: unknown;
      readonly phase: string;
      /** The verb whose handler threw, where it was one. */
      readonly verb?: string;
      readonly decision: string;
    }
  | {
      readonly type: "restarting";
      readonly actor: string;
      readonly delayMs: number;
      readonly restarts: number;
    }
  /** More restarts than are borne: the supervisor ends; under the root, only the child does. */
  | { readonly type: "gaveUp"; readonly actor: string; readonly error: Error }
  | { readonly type: "startFailed"; readonly actor: string; readonly error: unknown }
  | { readonly type: "ended"; readonly actor: string; readonly reason: ExitReason }
  /** An `exit` hook, a monitor's listener or a converter threw: there was nobody left to fail. */
  | {
      readonly type: "hookFailed";
      readonly actor: string;
      readonly hook: string;
      readonly error: unknown;
    }
  | {
      readonly type: "deadLetter";
      readonly actor: string;
      readonly verb: string;
      readonly args: readonly unknown[];
      readonly from: string | null;
      readonly why: string;
    }
  | {
      readonly type: "overflow";
      readonly actor: string;
      readonly verb: string;
      readonly policy: string;
    }
  /** It did not end within its shutdown time, and was killed. */
  | { readonly type: "overdue"; readonly actor: string; readonly shutdownMs: number }
  /** Development: a handler is pending while a timer that it set itself is due, whose tick waits for it. */
  | { readonly type: "selfWait"; readonly actor: string; readonly verb: string }
  | { readonly type: "lateReply"; readonly actor: string; readonly verb: string }
  | {
      readonly type: "slowHandler";
      readonly actor: string;
      readonly verb: string;
      readonly tookMs: number;
    };

/** The types of events, as `system.on` and the diagnostics channels name them. */
export type EventType = SystemEvent["type"];
/** Hears events. One that throws is not called again. */
export type EventListener = (event: SystemEvent) => void;

const TYPES: readonly EventType[] = [
  "spawned",
  "started",
  "failed",
  "restarting",
  "gaveUp",
  "startFailed",
  "ended",
  "hookFailed",
  "deadLetter",
  "overflow",
  "overdue",
  "selfWait",
  "lateReply",
  "slowHandler",
];

/**
 * Tells observers what happens, on `system.events` and on the channels `troupe:<type>` of
 * `node:diagnostics_channel`.
 *
 * Ask `wants` before making an event: nobody pays for what nobody hears.
 */
export class Events {
  readonly #listeners = new Map<EventType, Set<EventListener>>();
  readonly #channels = new Map<EventType, DiagnosticsChannel>();

  readonly #scope: Kernel["scope"];

  constructor(scope: Kernel["scope"]) {
    this.#scope = scope;
    for (const type of TYPES) this.#channels.set(type, diagnosticsChannel(`troupe:${type}`));
  }

  wants(type: EventType): boolean {
    return this.#listeners.has(type) || this.#channels.get(type)!.hasSubscribers;
  }

  /** Calls `listener` for events of the given types (all, without any); returns how to end that. */
  subscribe(listener: EventListener, types: readonly EventType[] = TYPES): () => void {
    checkFunction("on: listener", listener);
    for (const type of types) checkOneOf("on: type", type, TYPES);
    for (const type of types) {
      const listeners = this.#listeners.get(type) ?? new Set();
      this.#listeners.set(type, listeners.add(listener));
    }
    return () => {
      for (const type of types) {
        const listeners = this.#listeners.get(type);
        if (listeners?.delete(listener) === true && listeners.size === 0)
          this.#listeners.delete(type);
      }
    };
  }

  /** Told as nobody: observers are no code of the actor that happens to run. */
  emit(event: SystemEvent): void {
    besideActors({ scope: this.#scope }, () => this.#tell(event));
  }

  /** An observer that throws is an observer's problem: the others still hear. */
  #tell(event: SystemEvent): void {
    const listeners = this.#listeners.get(event.type);
    if (listeners !== undefined) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          listeners.delete(listener);
          writeLine(
            `troupe: a listener for ${event.type} threw and is not called again: ${show(error)}`,
          );
        }
      }
    }
    const channel = this.#channels.get(event.type)!;
    if (channel.hasSubscribers) channel.publish(event);
  }
}
