import { actor, createSystem, started } from "troupe";
import { run } from "troupe/process";

/** Starts a program, says which, and is gone. */
const Leaver = actor({
  init: async (ctx) => {
    const { pid } = await run(ctx, "sleep", ["100"]);
    console.log(pid);
  },
});

await started(createSystem().spawn(Leaver));
process.exit(0);
