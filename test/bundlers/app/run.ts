import { actor, createSystem, exited, TimeoutError, type AnyRef } from "troupe";
import type { Threads } from "troupe/threads";
import { Counter, OutOfInk } from "./actors.ts";

/** What must be the same however the program was bundled. */
export interface Findings {
  readonly value: number;
  readonly isEven: boolean;
  readonly heard: number;
  readonly isSameRef: boolean;
  readonly keepsOurClass: boolean;
  readonly keepsRegisteredClass: boolean;
  readonly whyThreadEnded: string;
  readonly afterThreadEnded: number;
}

/** Stops when it has heard something, with what it heard. */
const Ear = actor({
  name: "ear",
  init: (_ctx, props: { onHeard: (n: number, from: AnyRef) => void }) => props,
  cast: {
    heard(ctx, n: number, from: AnyRef) {
      ctx.state.onHeard(n, from);
      ctx.stop();
    },
  },
});

/** Spawns on a pool, casts, calls, has its ref sent back, is refused, and loses the thread. */
export async function run(pool: Threads): Promise<Findings> {
  const system = createSystem({ logger: false });
  let whyThreadEnded = "";
  system.on((event) => {
    if (event.type === "threadEnded") whyThreadEnded ||= event.error.message;
  }, "threadEnded");
  const counter = system.spawn(Counter, { start: 1 }, { on: pool, restart: "permanent" });
  counter.add(3);
  // First, for it rejects where the thread could not be started.
  const value = await counter.value();
  const isEven = await counter.isEven();

  let heard = 0;
  let isSameRef = false;
  const onHeard = (n: number, from: AnyRef): void => {
    heard = n;
    isSameRef = from === counter;
  };
  const ear = system.spawn(Ear, { onHeard });
  counter.tell(ear);
  await exited(ear);

  const late: unknown = await counter.late().catch((error: unknown) => error);
  const refused: unknown = await counter.print().catch((error: unknown) => error);
  counter.endThread();
  const restarted = await untilRestarted(() => counter.value(), value);
  await system.stop();
  return {
    value,
    isEven,
    heard,
    isSameRef,
    keepsOurClass: late instanceof TimeoutError,
    keepsRegisteredClass: refused instanceof OutOfInk,
    whyThreadEnded: whyThreadEnded.replace(/^\S+ /, ""),
    afterThreadEnded: restarted,
  };
}

/** Asks until another incarnation answers; calls that the thread has lost are asked again. */
async function untilRestarted(ask: () => Promise<number>, before: number): Promise<number> {
  for (;;) {
    const answer = await ask().catch(() => before);
    if (answer !== before) return answer;
  }
}
