// For bundlers that make a file of what they see in `new Worker(new URL(…))`.
import { Worker } from "worker_threads";
import { threads } from "troupe/threads";
import { run } from "./run.ts";

const pool = threads({
  size: 1,
  worker: (options) => new Worker(new URL("./actors.ts", import.meta.url), options),
});
console.log(JSON.stringify(await run(pool)));
