import { actor, createSystem, TimeoutError, withOptions } from "troupe";

/** Knows the answer to what the desk does not. */
const Archive = actor({
  name: "archive",
  call: { lookUp: (_ctx, title: string) => `"${title}" is on shelf ${title.length}` },
});

const Desk = actor({
  name: "desk",
  init: (ctx) => ({ archive: ctx.spawn(Archive) }),
  call: {
    /** A plain call: what the handler returns is the reply. */
    hours: () => "open from 9 to 5",

    /** A deferred one: the reply is given later, and meanwhile the desk serves others. */
    order(ctx, title: string) {
      const reply = ctx.defer<string>();
      ctx.timers.after(20, () => reply.resolve(`"${title}" has come`));
      return reply;
    },

    /** Passed on: the archive's reply goes straight to the caller. */
    find: (ctx, title: string) => ctx.forward(ctx.state.archive).lookUp(title),

    /** Kept for ever: only a time limit helps the caller. */
    complain: (ctx) => ctx.defer<string>(),
  },
});

await using system = createSystem();
const desk = system.spawn(Desk);

console.log(await desk.hours());

const order = desk.order("Ulysses");
console.log(await desk.find("Emma")); // does not wait for the order
console.log(await order);

const impatient = withOptions(desk, { timeout: 10 });
try {
  await impatient.complain();
} catch (error) {
  if (!(error instanceof TimeoutError)) throw error;
  console.log(`gave up: ${error.message}`);
}
