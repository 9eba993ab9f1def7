import type { ExerciseName } from "./exercises.ts";

/**
 * How many times the calibration's time each took when this was written: medians of nine processes
 * on an idle machine. With the other core busy, and on Node 22, 24 and 26, they were the same within
 * a tenth.
 *
 * Whoever makes the kernel faster lowers them, or the gain can be lost again unseen; whoever has a
 * reason to make it slower raises them, and says why in the commit.
 */
export const figures: Readonly<Record<ExerciseName, number>> = {
  cast: 4.2,
  "call-seq": 1.6,
  "spawn-stop": 3.4,
};
