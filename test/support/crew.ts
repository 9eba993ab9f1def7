import { actor, type Ref, type SpawnOptions, type Supervision } from "troupe";
import { type TestKit } from "troupe/testing";
import { take, Worker, worker, type WorkerProps, type WorkerRef } from "./worker.ts";

export interface Member extends Omit<WorkerProps, "id" | "journal"> {
  readonly options?: SpawnOptions;
}

export interface ParentVerbs {
  fail(): void;
  end(): void;
  refs(): Promise<Record<string, WorkerRef>>;
}

/** Starts a parent with workers `a`, `b` … that are looked after as `supervision` says. */
export async function crew<K extends string>(
  kit: TestKit,
  journal: string[],
  supervision: Supervision,
  members: Readonly<Record<K, Member>>,
  options?: SpawnOptions,
): Promise<{ parent: Ref<ParentVerbs>; refs: Record<K, WorkerRef> }> {
  const Parent = actor({
    name: "parent",
    supervision,
    init: (ctx) => {
      journal.push("parent init");
      const refs: Record<string, WorkerRef> = {};
      for (const [id, { options: spawn, ...hooks }] of Object.entries<Member>(members)) {
        refs[id] = ctx.spawn(Worker, worker(id, journal, hooks), {
          restart: "permanent",
          ...spawn,
        });
      }
      return refs;
    },
    cast: {
      fail() {
        throw new Error("parent broken");
      },
      end: (ctx) => ctx.stop(),
    },
    call: { refs: (ctx) => ctx.state },
    exit: (_ctx, reason) => void journal.push(`parent down: ${reason.kind}`),
  });
  const parent = kit.system.spawn(Parent, undefined, options);
  const refs = (await parent.refs()) as Record<K, WorkerRef>;
  await kit.run();
  take(journal);
  return { parent, refs };
}

/** Inits that fail from the second run on. */
export const onlyOnce = {
  onInit: (run: number) => {
    if (run > 1) throw new Error("no luck");
  },
};
export const lenient: Supervision = { intensity: { max: 100, within: 1_000 } };
