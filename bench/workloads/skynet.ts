import { createSystem, implement, type ActorDef, type Ref } from "troupe";
import { timed } from "../task.ts";
import type { Contest } from "../workload.ts";

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

/** The leaves, their parents, and so on up to the root. */
function actorsOf(leaves: number): number {
  return leaves <= 1 ? 1 : leaves + actorsOf(leaves / 10);
}

function skynet(name: string, leaves: number, rounds: number): Contest {
  const actors = actorsOf(leaves);
  return {
    name,
    what: `an actor of a tree of ${actors.toLocaleString("en")} that sums up its ${leaves.toLocaleString("en")} leaves, and is gone`,
    tasks: [
      timed({
        label: name,
        adapter: "skynet",
        size: { leaves },
        ops: (size) => actorsOf(size["leaves"] ?? 1),
        expects: (_ops, size) => sumBelow(size["leaves"] ?? 1),
        divisible: false,
        rounds,
        troupe: (size) => {
          const system = createSystem();
          return () =>
            new Promise<number>((resolve) => {
              system.spawn(Node, { first: 0, leaves: size["leaves"] ?? 1, parent: resolve });
            });
        },
        plain: {
          who: "async function",
          prepare: (size) => () => plainSum(0, size["leaves"] ?? 1),
        },
      }),
    ],
  };
}

const sumBelow = (n: number): number => (n * (n - 1)) / 2;

export const skynet100k = skynet("skynet-100k", 100_000, 9);
export const skynet1m = skynet("skynet-1m", 1_000_000, 3);
