import type { PendingCall } from "./pending-call.ts";
import type { ActorLog } from "./log.ts";
import type { Owed } from "./owed.ts";
import type { Request } from "./reply.ts";
import type { Reactions } from "./turn.ts";
import type { IncarnationTimers, KeyedTimer } from "./timers.ts";

/** What few handlers ask for, made when they do. */
export class AskedFor {
  /** For handlers that wait. */
  reactions: Reactions | null = null;
  owed: Owed | null = null;
  abort: AbortController | null = null;
  log: ActorLog | null = null;
  timers: IncarnationTimers | null = null;
  timersByKey: Map<string, KeyedTimer> | null = null;
  request: Request | null = null;
  requestFor: PendingCall | null = null;
  /** Told once, when the incarnation is over: behind its `exit` hook, or at a kill. */
  whenOver: Set<() => void> | null = null;

  /** Whether the handler of that call has thrown because its caller has left, as the signal told it. */
  wasLeftWith(call: PendingCall, error: unknown): boolean {
    return this.requestFor === call && this.request!.hasLeftWith(error);
  }
}
