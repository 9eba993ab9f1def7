import { actor } from "troupe";

/** Counts what it gets; the work of a handler that does next to nothing. */
export const Counter = actor({
  name: "counter",
  init: () => ({ n: 0 }),
  cast: {
    add(ctx, by: number) {
      ctx.state.n += by;
    },
    async addAsync(ctx, by: number) {
      ctx.state.n += by;
    },
  },
  call: {
    value: (ctx) => ctx.state.n,
    /** Counts the call as well, and answers how many there were. */
    next: (ctx) => ++ctx.state.n,
  },
});

/** The same without an actor: the limit of what JavaScript can do. */
export class PlainCounter {
  n = 0;

  add(by: number): void {
    this.n += by;
  }

  async addAsync(by: number): Promise<void> {
    this.n += by;
  }

  async next(): Promise<number> {
    return ++this.n;
  }
}
