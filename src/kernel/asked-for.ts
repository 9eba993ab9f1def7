import type { PendingCall } from "./pending-call.ts";
import type { ActorLog } from "./log.ts";
import type { Request } from "./reply.ts";
import type { IncarnationTimers, KeyedTimer } from "./timers.ts";

/** What few handlers ask for, made when they do. */
export class AskedFor {
  abort: AbortController | null = null;
  log: ActorLog | null = null;
  timers: IncarnationTimers | null = null;
  timersByKey: Map<string, KeyedTimer> | null = null;
  request: Request | null = null;
  requestFor: PendingCall | null = null;
}
