import type { Attempts } from "./attempts.ts";
import type { Wait } from "../decisions.ts";
import { eachStretch, without } from "./stretches.ts";

/** Moves the turns toward first come, first served: fewer that wait, and for fewer others. */
export async function straightenTurns(attempts: Attempts): Promise<void> {
  await attempts.try({ turns: [] });
  await eachStretch(
    () => attempts.best.turns.length,
    (stretch) => attempts.try({ turns: without(attempts.best.turns, stretch) }),
  );
  await lowerWaits(attempts);
}

/** Lets every turn wait for fewer others: by the whole way, half of it, …, by one. */
async function lowerWaits(attempts: Attempts): Promise<void> {
  await attempts.try({ turns: attempts.best.turns.map((turn) => ({ ...turn, waits: 1 })) });
  for (let at = attempts.best.turns.length - 1; at >= 0; at--) {
    let by = (attempts.best.turns[at]?.waits ?? 1) - 1;
    while (by >= 1) {
      if (!(await attempts.try({ turns: lowered(attempts.best.turns, at, by) }))) by >>= 1;
    }
  }
}

function lowered(turns: readonly Wait[], at: number, by: number): Wait[] {
  return turns.map((turn, place) =>
    place === at ? { ...turn, waits: Math.max(1, turn.waits - by) } : turn,
  );
}
