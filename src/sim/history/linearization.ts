import type { Effect } from "./model.ts";
import { Timeline, type Span } from "./timeline.ts";
import { StateNumbers, Visited } from "./visited.ts";

/** An operation that gets a place in the order, if there is one for it. */
export interface Candidate extends Span {
  /** It leaves every state as it is. */
  readonly isRead: boolean;
  /** Candidates that can do without a place and have the same text are interchangeable. */
  readonly alike: string;
  /** What it does to a state, as far as its answer allows. */
  effects(state: unknown): readonly Effect<unknown>[];
}

/** One operation in its place: the candidate's number, and what it did. */
interface Placed {
  readonly candidate: number;
  readonly effect: Effect<unknown>;
}

/** What the search has found. */
export interface Linearization {
  /** `unknown`: there was more to look at than it was allowed. */
  readonly verdict: "yes" | "no" | "unknown";
  /** How many combinations of placed operations and state were looked at. */
  readonly statesSeen: number;
  /** With `yes`: an order that explains all answers. */
  readonly order: readonly Placed[];
  /** With `no`: the candidate that has no place, though there is an order for all that was due before. */
  readonly stuckAt: number;
}

/** An effect that may come next. */
interface Move extends Placed {
  readonly state: number;
}

/** Where the search is: after the moves of all frames up to here. */
interface Frame {
  /** What led here; undefined at the beginning. */
  readonly move: Move | undefined;
  readonly state: unknown;
  readonly stateNumber: number;
  /** What can come next, and how many of it were tried. */
  moves: readonly Move[];
  tried: number;
}

/**
 * Looks for an order of operations, each of them between its call and its due time, in which one
 * after the other does what its answer says (Wing and Gong's search, with Lowe's memory of where it
 * has been).
 *
 * Operations that may be left out are what makes this slow: n writes that timed out have 2^n
 * subsets. So one of them is placed only where what comes next could not have come without it;
 * of those that are alike, the one that was called first; and see `Visited`.
 */
export function linearize(
  first: unknown,
  candidates: readonly Candidate[],
  maxStates: number,
): Linearization {
  // `Visited` wants those that can do without a place last.
  const sorted = candidates
    .map((candidate, number) => ({ candidate, number }))
    .toSorted(
      (one, other) =>
        Number(one.candidate.dueAt === Infinity) - Number(other.candidate.dueAt === Infinity) ||
        one.candidate.calledAt - other.candidate.calledAt,
    );
  const search = new Search(sorted.map(({ candidate }) => candidate));
  const verdict = search.run(first, maxStates);
  return {
    verdict,
    statesSeen: search.statesSeen,
    order: search.order.map(({ candidate, effect }) => ({
      candidate: sorted[candidate]!.number,
      effect,
    })),
    stuckAt: verdict === "no" ? sorted[search.stuckAt]!.number : -1,
  };
}

class Search {
  readonly #frames: Frame[] = [];
  readonly #candidates: readonly Candidate[];
  readonly #required: number;
  /** Of one that can do without a place, the one that is alike and was called before it, or -1. */
  readonly #alikeBefore: readonly number[];
  readonly #timeline: Timeline;
  readonly #visited: Visited;
  readonly #numbers = new StateNumbers();
  #requiredLeft: number;
  /** The latest due time that the search was held up by. */
  #furthest = 0;

  constructor(candidates: readonly Candidate[]) {
    this.#candidates = candidates;
    this.#timeline = new Timeline(candidates);
    this.#required = candidates.filter(({ dueAt }) => dueAt !== Infinity).length;
    this.#requiredLeft = this.#required;
    this.#visited = new Visited(this.#required, candidates.length - this.#required);
    const latest = new Map<string, number>();
    this.#alikeBefore = candidates.map(({ alike, dueAt }, number) => {
      if (dueAt !== Infinity) return -1;
      const before = latest.get(alike) ?? -1;
      latest.set(alike, number);
      return before;
    });
  }

  get order(): readonly Placed[] {
    return this.#frames.flatMap(({ move }) => move ?? []);
  }

  get statesSeen(): number {
    return this.#visited.size;
  }

  get stuckAt(): number {
    return this.#timeline.operationAt(this.#furthest);
  }

  run(first: unknown, maxStates: number): Linearization["verdict"] {
    const state = this.#numbers.of(first);
    this.#visited.note(state);
    this.#enter(undefined, first, state);
    while (this.#requiredLeft > 0) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return "no";
      const move = frame.moves[frame.tried++];
      if (move === undefined) this.#goBack();
      else if (!this.#go(move)) continue;
      if (this.statesSeen > maxStates) return "unknown";
    }
    return "yes";
  }

  /** Makes the move, unless it leads to where we have been. */
  #go(move: Move): boolean {
    this.#visited.flip(move.candidate);
    if (!this.#visited.note(move.state)) {
      this.#visited.flip(move.candidate);
      return false;
    }
    this.#timeline.lift(move.candidate);
    if (this.#isRequired(move.candidate)) this.#requiredLeft--;
    this.#enter(move, move.effect.state, move.state);
    return true;
  }

  #goBack(): void {
    const move = this.#frames.pop()?.move;
    if (move === undefined) return;
    this.#timeline.putBack(move.candidate);
    this.#visited.flip(move.candidate);
    if (this.#isRequired(move.candidate)) this.#requiredLeft++;
  }

  #enter(move: Move | undefined, state: unknown, stateNumber: number): void {
    const frame: Frame = { move, state, stateNumber, moves: [], tried: 0 };
    frame.moves = this.#movesFrom(frame, this.#frames.at(-1));
    this.#frames.push(frame);
  }

  #movesFrom(frame: Frame, before: Frame | undefined): readonly Move[] {
    const moves: Move[] = [];
    // Last, so that with what is placed first there are fewer of them: see Visited.
    const optional: Move[] = [];
    const timeline = this.#timeline;
    let entry = timeline.first();
    for (; timeline.isCall(entry); entry = timeline.after(entry)) {
      const candidate = timeline.operationAt(entry);
      if (!this.#isFirstOfItsKind(candidate)) continue;
      const { isRead } = this.#candidates[candidate]!;
      if (isRead && !this.#isRequired(candidate)) continue;
      for (const effect of this.#candidates[candidate]!.effects(frame.state)) {
        const state = isRead ? frame.stateNumber : this.#numbers.of(effect.state);
        const move: Move = { candidate, effect, state };
        // It fits, and all that comes after it fits as it would without it: no other move can do
        // better. This holds for reads only: a write that changes nothing here might do so later.
        if (isRead) return [move];
        if (state === frame.stateNumber && !this.#isRequired(candidate)) continue;
        if (this.#couldDoWithout(frame.move, before, move)) continue;
        (this.#isRequired(candidate) ? moves : optional).push(move);
      }
    }
    this.#furthest = Math.max(this.#furthest, entry);
    return optional.length === 0 ? moves : moves.concat(optional);
  }

  #isRequired(candidate: number): boolean {
    return candidate < this.#required;
  }

  #isFirstOfItsKind(candidate: number): boolean {
    const before = this.#alikeBefore[candidate]!;
    return before === -1 || this.#visited.has(before);
  }

  /** Whether the last move may be left out, and this one leads to the same without it. */
  #couldDoWithout(last: Move | undefined, before: Frame | undefined, move: Move): boolean {
    if (last === undefined || before === undefined || this.#isRequired(last.candidate))
      return false;
    const without = this.#candidates[move.candidate]!.effects(before.state);
    return without.some(({ state }) => this.#numbers.of(state) === move.state);
  }
}
