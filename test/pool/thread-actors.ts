import { threadId } from "node:worker_threads";
import { actor, JobDiscardedError, refuse, type Ref } from "troupe";
import { register } from "troupe/threads";
import type { Factory } from "troupe/pool";

/** Works on a thread, and takes that down where it is told to. */
export const Cruncher = actor({
  name: "cruncher",
  call: {
    /** The sum of the first numbers, and where it was computed. */
    sum(_ctx, until: number) {
      let sum = 0;
      for (let n = 1; n <= until; n++) sum += n;
      return { sum, thread: threadId };
    },
    fail(): never {
      throw new RangeError("told to fail");
    },
    no(): never {
      throw refuse(new RangeError("told to refuse"));
    },
    block(): never {
      for (;;);
    },
    exit: (): never => process.exit(1),
    hold: () => new Promise<never>(() => {}),
  },
});

/** Has work for a factory that is elsewhere. */
export const Client = actor({
  name: "client",
  init: (_ctx, props: { readonly pool: Ref<Factory<number, number>> }) => props,
  call: {
    double: ({ state: { pool } }, body: number) => pool.submit({ body }),
    /** What it hears when the job is discarded. */
    async refused({ state: { pool } }, body: number) {
      try {
        await pool.submit({ body, key: "k", ttlMs: 0 });
        return "done";
      } catch (error) {
        if (!(error instanceof JobDiscardedError)) return String(error);
        const { name, code, factory, reason, message } = error;
        return { name, code, factory, reason, message };
      }
    },
    async counts({ state: { pool } }) {
      for await (const { done } of pool.progress(1)) return done;
      return undefined;
    },
  },
});

register({ Cruncher, Client });
