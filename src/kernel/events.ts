import { checkFunction, checkOneOf } from "./options.ts";
import { writeLine, diagnosticsChannel, type DiagnosticsChannel } from "../world/host.ts";
import { show, type ExitReason } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import { besideActors } from "./running.ts";
import type { ThreadError } from "./errors.ts";

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
  /** A machine has changed its state; from null, it has begun. `by` is the event, `after` or `idle`. */
  | {
      readonly type: "transition";
      readonly actor: string;
      readonly from: string | null;
      readonly to: string;
      readonly by: string;
    }
  | { readonly type: "threadStarted"; readonly thread: string; readonly tookMs: number }
  | {
      readonly type: "threadEnded";
      readonly thread: string;
      readonly reason: ExitReason;
      readonly error: ThreadError;
      /** Actors that ran there. */
      readonly actors: number;
      /**
       * Messages that were under way, or waited there: nobody will handle them. At most: those that
       * the turn at its end had handled already are among them.
       */
      readonly lost: number;
    }
  /** A thread's event loop stands still. */
  | {
      readonly type: "threadBlocked";
      readonly thread: string;
      /** Whose turn it is; null where it is no actor's: see `suspect`. */
      readonly by: string | null;
      /** The actor that may run behind an `await`: the last whose handler went to sleep. */
      readonly suspect: string | null;
      readonly blockedMs: number;
      readonly action: "report" | "terminate";
    }
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

/** Who hears of one type of event. */
class Audience {
  readonly listeners = new Set<EventListener>();
  readonly channel: DiagnosticsChannel;

  constructor(type: EventType) {
    this.channel = diagnosticsChannel(`troupe:${type}`);
  }
}

/** Fields and not a map: so `wants` with a literal costs two loads. */
function audiences(): Readonly<Record<EventType, Audience>> {
  return {
    spawned: new Audience("spawned"),
    started: new Audience("started"),
    failed: new Audience("failed"),
    restarting: new Audience("restarting"),
    gaveUp: new Audience("gaveUp"),
    startFailed: new Audience("startFailed"),
    ended: new Audience("ended"),
    hookFailed: new Audience("hookFailed"),
    deadLetter: new Audience("deadLetter"),
    overflow: new Audience("overflow"),
    overdue: new Audience("overdue"),
    selfWait: new Audience("selfWait"),
    transition: new Audience("transition"),
    threadStarted: new Audience("threadStarted"),
    threadEnded: new Audience("threadEnded"),
    threadBlocked: new Audience("threadBlocked"),
    lateReply: new Audience("lateReply"),
    slowHandler: new Audience("slowHandler"),
  };
}

/**
 * Tells observers what happens, on `system.events` and on the channels `troupe:<type>` of
 * `node:diagnostics_channel`.
 *
 * Ask `wants` before making an event: nobody pays for what nobody hears.
 */
export class Events {
  readonly #audiences = audiences();
  readonly #scope: Kernel["scope"];

  constructor(scope: Kernel["scope"]) {
    this.#scope = scope;
  }

  wants(type: EventType): boolean {
    const { listeners, channel } = this.#audiences[type];
    return listeners.size > 0 || channel.hasSubscribers;
  }

  /** Calls `listener` for events of the given types (all, without any); returns how to end that. */
  subscribe(listener: EventListener, types?: readonly EventType[]): () => void {
    checkFunction("on: listener", listener);
    const known = Object.keys(this.#audiences) as EventType[];
    const wanted = types ?? known;
    for (const type of wanted) checkOneOf("on: type", type, known);
    for (const type of wanted) this.#audiences[type].listeners.add(listener);
    return () => {
      for (const type of wanted) this.#audiences[type].listeners.delete(listener);
    };
  }

  /** Told as nobody: observers are no code of the actor that happens to run. */
  emit(event: SystemEvent): void {
    besideActors({ scope: this.#scope }, () => this.#tell(event));
  }

  /** An observer that throws is an observer's problem: the others still hear. */
  #tell(event: SystemEvent): void {
    const { listeners, channel } = this.#audiences[event.type];
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
    if (channel.hasSubscribers) channel.publish(event);
  }
}
