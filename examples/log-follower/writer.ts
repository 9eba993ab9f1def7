import { appendFileSync, renameSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** A service that knows nothing of its follower: it writes its log, and rotates it. */
const [, , log = "app.log"] = process.argv;
const LEVELS = ["info", "info", "warn", "info", "debug", "info"];

for (let n = 1; n <= 600; n++) {
  const level = n % 200 === 0 ? "error" : LEVELS[n % LEVELS.length];
  appendFileSync(log, `${level} request ${n}${level === "error" ? ": disk is full" : ""}\n`);
  if (n % 250 === 0) {
    renameSync(log, `${log}.${n / 250}`);
    appendFileSync(log, "info a new file\n");
  }
  if (n % 50 === 0) await setTimeout(20);
}
appendFileSync(log, "info bye\n");
