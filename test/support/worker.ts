import { actor, type ActorDef, type Ref } from "troupe";

/** How a worker behaves, and where it writes down what becomes of it. */
export interface WorkerProps {
  readonly id: string;
  readonly journal: string[];
  /** Called by `init` with the number of the run, from 1; may throw or take its time. */
  readonly onInit?: (run: number) => void | Promise<void>;
  /** Called by `exit`. */
  readonly onExit?: () => void | Promise<void>;
}

const runs = new WeakMap<WorkerProps, number>();

/** An actor to be looked after: it writes `a up`, `a down: killed` and the like into its journal. */
export const Worker = actor({
  name: "worker",
  init: (_ctx, props: WorkerProps): { n: number } | Promise<{ n: number }> => {
    const run = (runs.get(props) ?? 0) + 1;
    runs.set(props, run);
    props.journal.push(`${props.id} init`);
    const up = () => {
      props.journal.push(`${props.id} up`);
      return { n: 0 };
    };
    const pending = props.onInit?.(run);
    return pending === undefined ? up() : pending.then(up);
  },
  cast: {
    add(ctx, by: number) {
      ctx.state.n += by;
    },
    fail(_ctx, message: string) {
      throw new Error(message);
    },
    /** Fails behind an `await`, after `until` has settled. */
    async failAfter(_ctx, until: Promise<void>, message: string) {
      await until;
      throw new Error(message);
    },
    /** Is busy until `until` has settled; for ever, without it. */
    async work(_ctx, until?: Promise<void>) {
      await (until ?? new Promise<void>(() => {}));
    },
    end(ctx, reason?: string) {
      ctx.stop(reason);
    },
  },
  call: {
    value: (ctx) => ctx.state.n,
    failCall(_ctx, message: string): number {
      throw new Error(message);
    },
  },
  exit(ctx, reason) {
    const { id, journal, onExit } = ctx.props;
    journal.push(`${id} down: ${reason.kind}`);
    return onExit?.();
  },
});

export type WorkerRef = Ref<typeof Worker extends ActorDef<infer A, WorkerProps> ? A : never>;

/** Props of a worker that writes into `journal`. */
export function worker(
  id: string,
  journal: string[],
  hooks: Omit<WorkerProps, "id" | "journal"> = {},
): WorkerProps {
  return { id, journal, ...hooks };
}

/** What was written since it was last asked for. */
export function take(journal: string[]): string[] {
  return journal.splice(0);
}
