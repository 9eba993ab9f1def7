import { createSystem, implement, type ActorDef, type Ref } from "troupe";
import { signal, timed } from "../task.ts";
import type { Contest } from "../workload.ts";

const ACTORS = 1_000;
const HOPS = 1_000_000;

interface Hop {
  next(to: Ref<Hop>): void;
  token(left: number, hops: number, done: (hops: number) => void): void;
}

const Hop: ActorDef<Hop> = implement<Hop>()({
  name: "hop",
  init: (): { next: Ref<Hop> | undefined } => ({ next: undefined }),
  cast: {
    next(ctx, to) {
      ctx.state.next = to;
    },
    token(ctx, left, hops, done) {
      if (left === 0) done(hops);
      else ctx.state.next?.token(left - 1, hops + 1, done);
    },
  },
});

class PlainHop {
  next: PlainHop = this;
  passed = 0;

  token(): PlainHop {
    this.passed++;
    return this.next;
  }
}

export const ring: Contest = {
  name: "ring",
  what: "a hop of one token round 1,000 actors",
  tasks: [
    timed({
      label: "ring",
      adapter: "ring",
      size: { actors: ACTORS, hops: HOPS },
      ops: ({ hops = 0 }) => hops,
      divisible: true,
      troupe: ({ actors = 0 }) => {
        const system = createSystem();
        const hops = Array.from({ length: actors }, () => system.spawn(Hop));
        hops.forEach((hop, i) => hop.next(hops[(i + 1) % actors] ?? hop));
        return (ops) => {
          const { fired, fire } = signal<number>();
          hops[0]?.token(ops - 1, 1, fire);
          return fired;
        };
      },
      plain: {
        who: "method call",
        prepare: ({ actors = 0 }) => {
          const hops = Array.from({ length: actors }, () => new PlainHop());
          hops.forEach((hop, i) => (hop.next = hops[(i + 1) % actors] ?? hop));
          const passed = (): number => hops.reduce((sum, hop) => sum + hop.passed, 0);
          return (ops) => {
            const before = passed();
            let hop = hops[0] ?? new PlainHop();
            for (let i = 0; i < ops; i++) hop = hop.token();
            return passed() - before;
          };
        },
      },
    }),
  ],
};
