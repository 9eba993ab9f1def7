import { exerciseNames, exercises, type ExerciseName, type Work } from "./exercises.ts";

/** Enough for the engine to have settled. */
const WARM_UPS = 8;
const ROUNDS = 25;

async function time(work: Work, operations: number): Promise<number> {
  const start = performance.now();
  await work(operations);
  return performance.now() - start;
}

/**
 * How many times the calibration's time ours takes.
 *
 * In turns, and the fastest of each: whatever else the machine does makes a round slower, and
 * never faster.
 */
async function ratio(name: ExerciseName): Promise<number> {
  const { operations, prepare, calibration } = exercises[name];
  const ours = prepare();
  for (let i = 0; i < WARM_UPS; i++) {
    await calibration(operations);
    await ours(operations);
  }
  let [least, leastOfOurs] = [Infinity, Infinity];
  for (let i = 0; i < ROUNDS; i++) {
    least = Math.min(least, await time(calibration, operations));
    leastOfOurs = Math.min(leastOfOurs, await time(ours, operations));
  }
  return leastOfOurs / least;
}

const wanted = process.argv[2];
const name = exerciseNames.find((each) => each === wanted);
if (name === undefined) throw new Error(`there is no exercise ${wanted}`);
process.send?.(await ratio(name), () => process.exit(0));
