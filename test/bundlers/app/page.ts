// For pages: vite wants the options where it can read them.
import { threads } from "troupe/threads";
import { run } from "./run.ts";

/** A page's, whose types are not those of Node. */
declare const Worker: new (url: URL, options: { readonly type: "module" }) => object;

const pool = threads({
  size: 1,
  worker: () => new Worker(new URL("./actors.ts", import.meta.url), { type: "module" }),
});
Object.assign(globalThis, { findings: run(pool) });
