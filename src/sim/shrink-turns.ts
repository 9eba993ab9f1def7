import type { Attempts } from "./attempts.ts";
import type { Decisions, Pick } from "./decisions.ts";
import { eachStretch, without, type Stretch } from "./stretches.ts";

/*
 * Picks are hard to drop, because each is bound to the number of its choice: without an earlier pick,
 * or a command, there are more choices before it, or fewer, and it means another one. So the end goes
 * first, where nothing depends on it; and what is kept behind a gap is tried at other numbers too.
 */

/** How many numbers are tried for picks that were moved: a failure costs that many runs. */
const MOST_MOVES = 48;
/** With more picks than that, no one number to move them all by will do. */
const MOST_MOVED = 40;

/**
 * Finds the stretch of picks that matters, when it is a short one: most failures that a walk by
 * chance finds are made by its last picks.
 */
export async function findLateTurns(attempts: Attempts): Promise<void> {
  await dropEnd(attempts);
  for (let kept = 8; kept < attempts.best.turns.length; kept *= 4) {
    const late = attempts.best.turns.slice(-kept);
    await attempts.tryEach(moves(0, MOST_MOVES).map((by) => ({ turns: move(late, by) })));
  }
}

/** Moves the turns toward first come, first served. */
export async function straightenTurns(attempts: Attempts): Promise<void> {
  await attempts.try({ turns: [] });
  await findLateTurns(attempts);
  const length = (): number => attempts.best.turns.length;
  await eachStretch(length, async (stretch) => {
    const turns = without(attempts.best.turns, stretch);
    if (await attempts.try({ turns })) return;
    // Single ones have more numbers to try: not before many are gone.
    if (stretch[1] - stretch[0] > 1) await dropAndMove(attempts, stretch);
  });
  await eachStretch(length, (stretch) => dropAndMove(attempts, stretch));
  await lowerPicks(attempts);
}

/** Half of them, a quarter, …, one: finds where the last pick that matters is in few runs. */
async function dropEnd(attempts: Attempts): Promise<void> {
  const { length } = attempts.best.turns;
  for (let size = Math.ceil(length / 2); size >= 1; size = Math.floor(size / 2)) {
    while (await attempts.try({ turns: attempts.best.turns.slice(0, -size) }));
  }
}

/** Drops a stretch of picks, and moves those behind it by as many choices as that may have cost. */
function dropAndMove(attempts: Attempts, [start, end]: Stretch): Promise<boolean> {
  const { turns } = attempts.best;
  const [before, after] = [turns.slice(0, start), turns.slice(end)];
  const [earlier, later] = [before.at(-1), after[0]];
  if (later === undefined) return Promise.resolve(false);
  const size = end - start;
  const numbers = (size === 1 ? [-1, 1, -2, 2] : [-size]).filter(
    (by) => later.choice + by > (earlier?.choice ?? -1),
  );
  return attempts.tryEach(numbers.map((by) => ({ turns: [...before, ...move(after, by)] })));
}

/** Drops commands, and moves all picks by about as many choices as those commands came to. */
export async function dropCommandsMovingTurns(attempts: Attempts): Promise<void> {
  await eachStretch(
    () => attempts.best.workload.length,
    (stretch) => attempts.tryEach(withoutCommands(attempts.best, stretch)),
  );
}

function withoutCommands(best: Decisions, [start, end]: Stretch): Partial<Decisions>[] {
  const last = best.turns.at(-1);
  if (last === undefined || best.turns.length > MOST_MOVED) return [];
  const choices = Math.round((last.choice / best.workload.length) * (end - start));
  const workload = without(best.workload, [start, end]);
  return moves(-choices, Math.min(MOST_MOVES, 2 * choices + 4)).map((by) => ({
    workload,
    turns: move(best.turns, by),
  }));
}

/** `around`, and what lies next to it on both sides. */
function moves(around: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => around + (at % 2 ? -((at + 1) >> 1) : at >> 1));
}

function move(turns: readonly Pick[], by: number): Pick[] {
  return turns
    .map(({ choice, pick }) => ({ choice: choice + by, pick }))
    .filter(({ choice }) => choice >= 0);
}

/** Lets every pick take one who waited longer: by the whole way, half of it, …, by one. */
async function lowerPicks(attempts: Attempts): Promise<void> {
  await attempts.try({ turns: attempts.best.turns.map((turn) => ({ ...turn, pick: 1 })) });
  for (let at = attempts.best.turns.length - 1; at >= 0; at--) {
    let by = (attempts.best.turns[at]?.pick ?? 1) - 1;
    while (by >= 1) {
      if (!(await attempts.try({ turns: lowered(attempts.best.turns, at, by) }))) by >>= 1;
    }
  }
}

function lowered(turns: readonly Pick[], at: number, by: number): Pick[] {
  return turns.map((turn, place) =>
    place === at ? { choice: turn.choice, pick: Math.max(1, turn.pick - by) } : turn,
  );
}
