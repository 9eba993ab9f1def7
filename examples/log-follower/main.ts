import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { actor, createSystem, exited } from "troupe";
import { follow } from "troupe/fs";
import { program } from "troupe/process";

/** The program that writes the log: an actor like any other, that could be supervised. */
const Service = program((log: string) => ({
  command: execPath,
  args: [fileURLToPath(new URL("writer.js", import.meta.url)), log],
}));

/** Counts lines by level, until the log says goodbye. */
const Counter = actor({
  name: "counter",
  init(ctx, log: string) {
    const counts = new Map<string, number>();
    // It may not be there yet, and it will be another file soon.
    const lines = follow(log, { from: "start" });
    ctx.source(lines, (line) => {
      const [level = ""] = line.split(" ", 1);
      counts.set(level, (counts.get(level) ?? 0) + 1);
      if (level === "error") console.log(line);
      if (line === "info bye") ctx.stop();
    });
    return { counts, lines };
  },
  exit(ctx) {
    if (ctx.state === undefined) return;
    const { counts, lines } = ctx.state;
    for (const level of [...counts.keys()].toSorted()) {
      console.log(`${level}: ${counts.get(level)}`);
    }
    const stats = lines.stats();
    console.log(`${stats.lines} lines, ${stats.rotations} rotations, ${stats.missedFiles} missed`);
  },
});

const folder = await mkdtemp(join(tmpdir(), "log-follower-"));
await using system = createSystem();
const counter = system.spawn(Counter, join(folder, "app.log"));
const service = system.spawn(Service, join(folder, "app.log"));

await exited(counter);
console.log(`the service: ${(await exited(service)).kind}`);
await rm(folder, { recursive: true });
