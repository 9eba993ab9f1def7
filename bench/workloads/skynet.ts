import { createSystem, implement, type ActorDef, type Ref } from "troupe";
import { race, type Workload } from "../workload.ts";

const LEAVES = 100_000;
const ACTORS = 111_111;
const SUM = (LEAVES * (LEAVES - 1)) / 2;

interface Node {
  report(sum: number): void;
}

interface NodeProps {
  readonly first: number;
  readonly leaves: number;
  /** The root has nobody above it but the bench. */
  readonly parent: Ref<Node> | ((sum: number) => void);
}

const Node: ActorDef<Node, NodeProps> = implement<Node>()({
  name: "node",
  init: (ctx, { first, leaves }: NodeProps) => {
    const state = { sum: 0, missing: 10 };
    if (leaves === 1) {
      tell(ctx.props, first);
      ctx.stop();
      return state;
    }
    const part = leaves / 10;
    for (let i = 0; i < 10; i++) {
      ctx.spawn(Node, { first: first + i * part, leaves: part, parent: ctx.self });
    }
    return state;
  },
  cast: {
    report(ctx, sum) {
      const { state } = ctx;
      state.sum += sum;
      if (--state.missing > 0) return;
      tell(ctx.props, state.sum);
      ctx.stop();
    },
  },
});

function tell({ parent }: NodeProps, sum: number): void {
  if (typeof parent === "function") parent(sum);
  else parent.report(sum);
}

async function plainSum(first: number, leaves: number): Promise<number> {
  if (leaves === 1) return first;
  const part = leaves / 10;
  const parts: Promise<number>[] = [];
  for (let i = 0; i < 10; i++) parts.push(plainSum(first + i * part, part));
  let sum = 0;
  for (const each of parts) sum += await each;
  return sum;
}

function check(sum: number): void {
  if (sum !== SUM) throw new Error(`skynet: ${sum} instead of ${SUM}`);
}

export const skynet: Workload = {
  name: "skynet-100k",
  what: "an actor of a tree of 111,111 that sums up its 100,000 leaves",
  measure: async () => {
    const system = createSystem();
    const round = async (): Promise<void> => {
      const sum = await new Promise<number>((resolve) => {
        system.spawn(Node, { first: 0, leaves: LEAVES, parent: resolve });
      });
      check(sum);
    };
    const limit = { label: "async function", round: async () => check(await plainSum(0, LEAVES)) };
    return [await race({ label: "skynet-100k", ops: ACTORS, round, limit })];
  },
};
