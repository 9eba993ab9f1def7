import process from "node:process";
import { checksWith } from "./all.ts";

/** The checks as a program for hosts that have a command line: a line for each, and 1 if one fails. */
for (const { name, run } of checksWith({ isShared: true })) {
  try {
    await run();
    console.log(`ok      ${name}`);
  } catch (error) {
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.stack : String(error)}`);
    process.exitCode = 1;
  }
}
