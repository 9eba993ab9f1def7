import { fork } from "node:child_process";
import { exerciseNames, type ExerciseName } from "./exercises.ts";
import { figures } from "./figures.ts";
import { ATTEMPTS, judge, MARGIN, type Verdict } from "./verdict.ts";

/*
 * npm run speed      fails when a cast, a call or an actor's life has become slower
 */

/** In a process of its own: how the engine compiles a program differs a little each time. */
function measure(name: ExerciseName): Promise<number> {
  const child = fork(new URL("./process.js", import.meta.url), [name], {
    env: { ...process.env, NODE_ENV: "production" },
  });
  return new Promise((resolve, reject) => {
    // What the child sends is the ratio.
    child.on("message", (ratio) => resolve(ratio as number));
    child.on("exit", (code) => reject(new Error(`${name} ended with ${code} and no figure`)));
  });
}

function tell(name: ExerciseName, { passed, ratios, limit }: Verdict): void {
  const measured = ratios.map((ratio) => ratio.toFixed(2)).join(", ");
  const was = figures[name];
  console.log(
    `${passed ? "ok  " : "slow"} ${name}: ${measured} times a loop without actors; it was ${was}, and may be ${limit.toFixed(2)}`,
  );
}

let slow = 0;
for (const name of exerciseNames) {
  const verdict = await judge(figures[name], () => measure(name));
  tell(name, verdict);
  if (!verdict.passed) slow++;
}
if (slow > 0) {
  console.error(
    `${slow} of ${exerciseNames.length} were more than ${MARGIN} times slower than before, ${ATTEMPTS} times in a row. ` +
      "Profile with node --cpu-prof .build/bench/guard/process.js NAME; " +
      "where it has to be slower, say why in the commit and set bench/guard/figures.ts.",
  );
  process.exitCode = 1;
}
