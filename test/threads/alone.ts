import { createSystem, kill, stop } from "troupe";
import { thread, threads } from "troupe/threads";
import { Saboteur } from "./actors.ts";

/*
 * A program of its own: uses threads of the module that its first argument names, and ends with
 * them as the second says. `actors.ts` is in this bundle, too: it is registered here.
 */
const [module, how] = process.argv.slice(2) as [string, string];
const system = createSystem({ logger: false });
const pool = threads({ size: 2, module });
const poolRef = system.spawn(pool);
const own = thread({ module });
const ref = system.spawn(Saboteur, undefined, {
  on: how === "thread" ? own : pool,
  restart: "permanent",
});
await ref.isThere();
if (how === "killed") {
  ref.block();
  await kill(ref);
}
if (how === "stop the pool") await stop(poolRef);
else await system.stop();
console.info("done");
