import { actor, monitor, stop, type Ref, type System } from "troupe";
import type { Place } from "troupe/threads";
import { Worker, type WorkerRef } from "./actors.ts";

/** What has been asked for, and has not come to an end. */
export class Open {
  readonly #open = new Map<number, string>();
  #last = 0;
  settled = 0;

  get size(): number {
    return this.#open.size;
  }

  /** Follows a promise to its end, whatever that is. */
  follow(what: string, promise: Promise<unknown>): void {
    const key = ++this.#last;
    this.#open.set(key, what);
    const done = (): void => {
      this.settled++;
      this.#open.delete(key);
    };
    promise.then(done, done);
  }

  /** What is open, in words. */
  list(): string[] {
    return [...this.#open.values()];
  }
}

/** How often each monitor and each link has told of an end. */
export interface Told {
  readonly monitors: Map<number, number>;
  readonly links: Map<number, number>;
}

/** A neighbour on the thread of the test: linked to workers, and told of their ends. */
function neighbourOf(told: Map<number, number>, key: number) {
  return actor({
    name: "neighbour",
    init: () => ({ n: 0 }),
    onExit: (): void => void told.set(key, (told.get(key) ?? 0) + 1),
    cast: {
      add(ctx, by: number): void {
        ctx.state.n += by;
      },
      linkTo(ctx, to: Ref<unknown>): void {
        ctx.link(to);
      },
    },
    call: { value: (ctx) => ctx.state.n },
  });
}

/** Sends a worker one of everything, and follows what is to be answered. */
export function useAll(open: Open, worker: WorkerRef, other: WorkerRef): void {
  worker.add(1);
  worker.tell(other);
  open.follow("value", worker.value());
  open.follow("sleep", worker.sleep(1));
  open.follow("owe", worker.owe(2));
  open.follow("passOn", worker.passOn(other));
  open.follow("ask", worker.ask(other));
  open.follow("value behind", worker.value());
  open.follow("stream", readAll(worker.count(8)));
}

async function readAll(items: AsyncIterable<number>): Promise<number> {
  let count = 0;
  for await (const _ of items) count++;
  return count;
}

/** One worker for a short time, watched and linked; answers when it is to be ended. */
export function useOnce(
  system: System,
  open: Open,
  told: Told,
  key: number,
  on: Place,
): { end(): void } {
  const worker = system.spawn(Worker, undefined, { on, restart: "temporary" });
  const neighbour = system.spawn(neighbourOf(told.links, key));
  told.monitors.set(key, 0);
  told.links.set(key, 0);
  monitor(worker, () => void told.monitors.set(key, told.monitors.get(key)! + 1));
  neighbour.linkTo(worker);
  open.follow("value of one", worker.value());
  return {
    end: () =>
      open.follow(
        "end of one",
        // The link is told of by then, and its neighbour with it.
        stop(worker).then(() => neighbour.value().then(() => stop(neighbour))),
      ),
  };
}
