import { actor, createSystem, stop } from "troupe";

class MaxCountExceeded extends Error {
  override readonly name = "MaxCountExceeded";
}

/** Speare's counter: it fails when it counts too far, and begins anew from its props. */
const Counter = actor({
  name: "counter",
  init: (_ctx, props: { start: number; maxCount: number }) => {
    console.log(`starting with ${props.start}`);
    return { count: props.start };
  },
  cast: {
    add(ctx, by: number) {
      ctx.state.count += by;
      const { count } = ctx.state;
      if (count > ctx.props.maxCount) throw new MaxCountExceeded(`${count} is too much`);
    },
    subtract(ctx, by: number) {
      ctx.state.count = Math.max(0, ctx.state.count - by);
    },
  },
  call: { value: (ctx) => ctx.state.count },
  exit(ctx, reason) {
    const why = reason.kind === "failed" ? `failed: ${String(reason.error)}` : reason.kind;
    console.log(`${why}; the count was ${ctx.state?.count}`);
  },
});

// The exit hook prints what the log would say.
await using system = createSystem({ logger: false });
const counter = system.spawn(Counter, { start: 5, maxCount: 10 }, { restart: "transient" });

counter.add(4);
counter.subtract(1);
console.log(`value ${await counter.value()}`);

counter.add(3); // 11: one too many
counter.add(2); // waits in the mailbox, which survives
console.log(`value ${await counter.value()}`);

await stop(counter);
