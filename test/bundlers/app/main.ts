// For bundlers that leave the URL of a module alone, and for none: the file is an entry of its own.
import { threads } from "troupe/threads";
import { run } from "./run.ts";

const pool = threads({ size: 1, module: new URL("./actors.ts", import.meta.url) });
console.log(JSON.stringify(await run(pool)));
