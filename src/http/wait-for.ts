import { Alarm } from "../kernel/alarm.ts";
import type { Wheel } from "../kernel/wheel.ts";

/**
 * Waits for what was begun, so long and no longer; tells whether it has ended.
 *
 * Rejects with what it fails with. What it does when nobody waits any more is its own affair.
 */
export function waitFor(wheel: Wheel, ms: number, work: unknown): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const alarm = new Alarm(() => resolve(false));
    if (ms !== Infinity) wheel.set(alarm, ms);
    void Promise.resolve(work)
      .then(() => resolve(true), reject)
      .finally(() => wheel.cancel(alarm));
  });
}
