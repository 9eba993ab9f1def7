import { createSystem, implement, type ActorDef, type Ref } from "troupe";
import { race, signal, type Workload } from "../workload.ts";

const ACTORS = 1_000;
const HOPS = 1_000_000;

interface Hop {
  next(to: Ref<Hop>): void;
  token(left: number, done: () => void): void;
}

const Hop: ActorDef<Hop> = implement<Hop>()({
  name: "hop",
  init: (): { next: Ref<Hop> | undefined } => ({ next: undefined }),
  cast: {
    next(ctx, to) {
      ctx.state.next = to;
    },
    token(ctx, left, done) {
      if (left === 0) done();
      else ctx.state.next?.token(left - 1, done);
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

function plainRing(): PlainHop {
  const hops = Array.from({ length: ACTORS }, () => new PlainHop());
  hops.forEach((hop, i) => (hop.next = hops[(i + 1) % ACTORS] ?? hop));
  return hops[0] ?? new PlainHop();
}

export const ring: Workload = {
  name: "ring",
  what: "a hop of one token round 1,000 actors",
  measure: async () => {
    const system = createSystem();
    const first = system.spawn(Hop);
    let last = first;
    for (let i = 1; i < ACTORS; i++) {
      const hop = system.spawn(Hop);
      last.next(hop);
      last = hop;
    }
    last.next(first);
    const round = (): Promise<void> => {
      const { fired, fire } = signal();
      first.token(HOPS - 1, fire);
      return fired;
    };
    const plain = plainRing();
    const limit = {
      label: "method call",
      round: () => {
        let hop = plain;
        for (let i = 0; i < HOPS; i++) hop = hop.token();
      },
    };
    return [await race({ label: "ring", ops: HOPS, round, limit })];
  },
};
