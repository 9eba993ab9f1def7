import { createSystem, drain, type ExitReason } from "troupe";
import { Counter } from "../workloads/counting.ts";
import { callPlainly, castPlainly, spawnPlainly } from "./calibration.ts";

/** Does so many operations. */
export type Work = (operations: number) => Promise<void>;

/** What the guard times, and the loop that it is compared with. */
export interface Exercise {
  readonly operations: number;
  readonly prepare: () => Work;
  readonly calibration: Work;
}

const AT_ONCE = 1_000;

export const exercises = {
  cast: {
    operations: 100_000,
    prepare: () => {
      const counter = createSystem().spawn(Counter);
      return async (operations) => {
        for (let sent = 0; sent < operations; sent += AT_ONCE) {
          for (let i = 0; i < AT_ONCE; i++) counter.add(1);
          await counter.value();
        }
      };
    },
    calibration: castPlainly,
  },
  "call-seq": {
    operations: 50_000,
    prepare: () => {
      const counter = createSystem().spawn(Counter);
      return async (operations) => {
        for (let i = 0; i < operations; i++) await counter.value();
      };
    },
    calibration: callPlainly,
  },
  "spawn-stop": {
    operations: 20_000,
    prepare: () => {
      const system = createSystem();
      return async (operations) => {
        for (let spawned = 0; spawned < operations; spawned += AT_ONCE) {
          const ends: Promise<ExitReason>[] = [];
          for (let i = 0; i < AT_ONCE; i++) {
            const counter = system.spawn(Counter);
            counter.add(1);
            // `stop` would not wait for the message.
            ends.push(drain(counter));
          }
          await Promise.all(ends);
        }
      };
    },
    calibration: spawnPlainly,
  },
} as const satisfies Readonly<Record<string, Exercise>>;

export type ExerciseName = keyof typeof exercises;
export const exerciseNames = Object.keys(exercises) as readonly ExerciseName[];
