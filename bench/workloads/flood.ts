import { monitorEventLoopDelay } from "node:perf_hooks";
import { actor, createSystem, implement, type ActorDef, type Ref } from "troupe";
import type { Measurement, Workload } from "../workload.ts";
import { Counter } from "./counting.ts";

const SECONDS = 2;
const REPETITIONS = 3;

const Sink = actor({
  name: "sink",
  init: () => ({ got: 0 }),
  cast: { take: (ctx) => void ctx.state.got++ },
});

interface Flood {
  again(): void;
}

/** Never stops: each message sends one to the sink, and one to itself. */
const Flood: ActorDef<Flood, { readonly sink: Ref<{ take(): void }> }> = implement<Flood>()({
  name: "flood",
  init: (ctx, props: { readonly sink: Ref<{ take(): void }> }) => {
    ctx.self.again();
    return props;
  },
  cast: {
    again(ctx) {
      ctx.state.sink.take();
      ctx.self.again();
    },
  },
});

interface Delays {
  readonly loop50: number;
  readonly loop99: number;
  readonly call50: number;
  readonly call99: number;
}

/** Watches the event loop, and calls `target` every few milliseconds, for a while. */
async function watch(target: { value(): Promise<number> }): Promise<Delays> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const calls: number[] = [];
  histogram.enable();
  const end = performance.now() + SECONDS * 1_000;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const start = performance.now();
    await target.value();
    calls.push(performance.now() - start);
  }
  histogram.disable();
  calls.sort((a, b) => a - b);
  const call = (part: number): number => calls[Math.floor(calls.length * part)] ?? Number.NaN;
  return {
    loop50: histogram.percentile(50) / 1e6,
    loop99: histogram.percentile(99) / 1e6,
    call50: call(0.5),
    call99: call(0.99),
  };
}

function row(label: string, key: keyof Delays, flooded: Delays[], idle: Delays[]): Measurement {
  const values = (delays: Delays[]): number[] => delays.map((each) => each[key]);
  return {
    label,
    unit: "ms",
    values: values(flooded),
    limit: { label: "idle", values: values(idle) },
  };
}

export const flood: Workload = {
  name: "flood",
  what: "what others see of a producer that never stops: timers, and calls to another actor",
  measure: async () => {
    const system = createSystem();
    const bystander = system.spawn(Counter);
    const idle: Delays[] = [];
    const flooded: Delays[] = [];
    for (let i = 0; i < REPETITIONS; i++) idle.push(await watch(bystander));
    system.spawn(Flood, { sink: system.spawn(Sink) });
    await watch(bystander);
    for (let i = 0; i < REPETITIONS; i++) flooded.push(await watch(bystander));
    return [
      row("flood, loop delay p50", "loop50", flooded, idle),
      row("flood, loop delay p99", "loop99", flooded, idle),
      row("flood, call p50", "call50", flooded, idle),
      row("flood, call p99", "call99", flooded, idle),
    ];
  },
};
