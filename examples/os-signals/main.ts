import { actor, createSystem, supervisor } from "troupe";

/** Works until it is told not to; what it has done must not be lost. */
const Worker = actor({
  name: "worker",
  init: (ctx) => {
    const state = { done: 0 };
    ctx.timers.every(10, () => void state.done++);
    return state;
  },
  exit: (ctx, reason) => console.log(`  ${ctx.name} stops: ${reason.kind}`),
});

const Store = actor({
  name: "store",
  init: () => ({ open: true }),
  async exit(ctx) {
    // A shutdown waits for hooks that take their time.
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log(`  ${ctx.name} has written everything`);
  },
});

const App = supervisor({
  name: "app",
  children: {
    store: { actor: Store, name: "store" },
    first: { actor: Worker, name: "worker 1" },
    second: { actor: Worker, name: "worker 2" },
  },
});

const system = createSystem();
system.spawn(App);

// Phases run in this order, each with its time limit; after them the actors stop, the youngest first.
system.phase("close the door", () => console.log("phase 1: no new customers"));
system.phase("let them finish", () => console.log("phase 2: the last one has left"), {
  timeout: 1_000,
});
system.phase("turn off the lights", () => console.log("phase 3: lights off, actors next"));

// SIGTERM and SIGINT begin it; the process exits with 0 when all went well.
system.shutdownOnSignals();
console.log("at work: press Ctrl+C");
