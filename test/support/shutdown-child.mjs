// A program that shuts down on signals; how it goes is its one argument. Run by a test.
import { actor, createSystem } from "troupe";

const system = createSystem({ logger: false });
const Closing = actor({ exit: () => console.log("actor closed") });
system.spawn(Closing);
system.phase("stop accepting", () => console.log("stop accepting"));
system.phase(
  "flush",
  async () => {
    if (process.argv[2] === "hang" || process.argv[2] === "stuck") await new Promise(() => {});
    if (process.argv[2] === "fail") throw new Error("flush");
    console.log("flush");
  },
  { timeout: process.argv[2] === "stuck" ? 60_000 : 50 },
);
system.shutdownOnSignals();
// What keeps the process alive until the signal comes.
setInterval(() => {}, 60_000);
console.log("ready");
