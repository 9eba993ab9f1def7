import { monitorEventLoopDelay } from "node:perf_hooks";
import { actor, createSystem, implement, stop, type ActorDef, type AnyRef, type Ref } from "troupe";
import { gauged } from "../task.ts";
import type { Contest, Size } from "../workload.ts";
import { Counter, PlainCounter } from "./counting.ts";

const nothing = (): void => {};

interface Flooding {
  start(): void;
  stop(): Promise<void>;
  /** Somebody else who is asked meanwhile. */
  ask(): Promise<number>;
}

interface Sink {
  take(): void;
}

const Sink = actor({
  name: "sink",
  init: () => ({ got: 0 }),
  cast: { take: (ctx) => void ctx.state.got++ },
});

interface Flood {
  again(): void;
}

/** Never stops: each message sends one to the sink, and one to itself. */
const Flood: ActorDef<Flood, { readonly sink: Ref<Sink> }> = implement<Flood>()({
  name: "flood",
  init: (ctx, props: { readonly sink: Ref<Sink> }) => {
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

/** Watches the event loop, and asks somebody every few milliseconds, for a while. */
async function watch(flooding: Flooding, { ms = 0 }: Size): Promise<readonly number[]> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const calls: number[] = [];
  flooding.start();
  histogram.enable();
  const end = performance.now() + ms;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const start = performance.now();
    await flooding.ask();
    calls.push(performance.now() - start);
  }
  histogram.disable();
  await flooding.stop();
  calls.sort((a, b) => a - b);
  const call = (part: number): number => calls[Math.floor(calls.length * part)] ?? Number.NaN;
  return [histogram.percentile(50) / 1e6, histogram.percentile(99) / 1e6, call(0.5), call(0.99)];
}

export const flood: Contest = {
  name: "flood",
  what: "what others see of a producer that never stops: timers, and calls to another actor",
  tasks: [
    gauged<Flooding>({
      adapter: "flood",
      size: { ms: 2_000 },
      rows: [
        { label: "flood, loop delay p50", unit: "ms" },
        { label: "flood, loop delay p99", unit: "ms" },
        { label: "flood, call p50", unit: "ms" },
        { label: "flood, call p99", unit: "ms" },
      ],
      fresh: false,
      warmUp: true,
      measure: watch,
      troupe: () => {
        const system = createSystem();
        const bystander = system.spawn(Counter);
        let flooders: AnyRef[] = [];
        return {
          start: () => (flooders = [system.spawn(Flood, { sink: system.spawn(Sink) })]),
          stop: async () => {
            await Promise.all(flooders.map((ref) => stop(ref)));
          },
          ask: () => bystander.next(),
        };
      },
      plain: {
        who: "no flood",
        prepare: () => {
          const bystander = new PlainCounter();
          return { start: nothing, stop: async () => {}, ask: () => bystander.next() };
        },
      },
    }),
  ],
};
