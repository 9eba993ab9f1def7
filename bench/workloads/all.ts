import type { Workload } from "../workload.ts";

/**
 * In the order of the table. Each is imported when it is asked for: a process loads what it
 * measures, and `start` finds nothing loaded.
 */
const workloads = {
  cast: async (): Promise<Workload> => (await import("./cast.ts")).cast,
  "cast-async": async (): Promise<Workload> => (await import("./cast-async.ts")).castAsync,
  "ping-pong": async (): Promise<Workload> => (await import("./ping-pong.ts")).pingPong,
  "call-seq": async (): Promise<Workload> => (await import("./call.ts")).callSeq,
  "call-1000": async (): Promise<Workload> => (await import("./call.ts")).call1000,
  ring: async (): Promise<Workload> => (await import("./ring.ts")).ring,
  big: async (): Promise<Workload> => (await import("./big.ts")).big,
  "spawn-stop": async (): Promise<Workload> => (await import("./spawn-stop.ts")).spawnStop,
  "skynet-100k": async (): Promise<Workload> => (await import("./skynet.ts")).skynet100k,
  "skynet-1m": async (): Promise<Workload> => (await import("./skynet.ts")).skynet1m,
  memory: async (): Promise<Workload> => (await import("./memory.ts")).memories,
  flood: async (): Promise<Workload> => (await import("./flood.ts")).flood,
  scaling: async (): Promise<Workload> => (await import("./scaling.ts")).scaling,
  queued: async (): Promise<Workload> => (await import("./queued.ts")).queued,
  timers: async (): Promise<Workload> => (await import("./timers.ts")).timers,
  monitors: async (): Promise<Workload> => (await import("./monitors.ts")).monitors,
  names: async (): Promise<Workload> => (await import("./names.ts")).names,
  "pool-100": async (): Promise<Workload> => (await import("./pool.ts")).pool100,
  "pool-1000": async (): Promise<Workload> => (await import("./pool.ts")).pool1000,
  "thread-cast": async (): Promise<Workload> => (await import("./thread-cast.ts")).threadCast,
  "thread-call": async (): Promise<Workload> => (await import("./thread-call.ts")).threadCall,
  "thread-call-1000": async (): Promise<Workload> =>
    (await import("./thread-call.ts")).threadCall1000,
  "thread-cpu": async (): Promise<Workload> => (await import("./thread-cpu.ts")).threadCpu,
  "pool-threads": async (): Promise<Workload> => (await import("./pool-threads.ts")).poolThreads,
  "thread-blocked": async (): Promise<Workload> =>
    (await import("./thread-blocked.ts")).threadBlocked,
  "thread-spawn": async (): Promise<Workload> => (await import("./thread-spawn.ts")).threadSpawn,
  start: async (): Promise<Workload> => (await import("./start.ts")).start,
  http: async (): Promise<Workload> => (await import("./http.ts")).http,
  kv: async (): Promise<Workload> => (await import("./kv.ts")).kv,
};

export type WorkloadName = keyof typeof workloads;

// The keys of an object literal are the keys of its type.
export const workloadNames = Object.keys(workloads) as readonly WorkloadName[];

export function loadWorkload(name: WorkloadName): Promise<Workload> {
  return workloads[name]();
}
