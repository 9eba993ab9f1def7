/**
 * troupe/threads: actors on worker threads, with the same refs.
 *
 * A pool, or a thread of its own, is where an actor is put: `spawn(Def, props, { on: pool })`.
 */
export type { Place } from "../kernel/place.ts";
export type { ErrorClass, Registrable } from "../wire/definitions.ts";
export { transfer, type Movable } from "../wire/transfer.ts";
export type { ResourceLimits, WorkerInit } from "../world/workers.ts";
export type { ThreadSettings, ThreadsOptions } from "./options.ts";
export { thread } from "./own-thread.ts";
export type { ThreadInfo } from "./pool.ts";
export { register } from "./register.ts";
export type { HostOptions } from "./thread.ts";
export { threads, type Threads, type ThreadsProtocol } from "./threads.ts";
export type { WatchdogOptions } from "./watchdog.ts";
