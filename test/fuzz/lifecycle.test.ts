import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stop } from "troupe";
import { checkAtRest, checkAtTheEnd, checkInTheLongRun } from "./invariants.ts";
import { ops, plans, type Op } from "./plan.ts";
import { Run } from "./run.ts";

/**
 * The same 1,000 runs each time, so that a change is judged by what it changes; `npm run fuzz`
 * goes where nobody has been, and prints the seed of what it finds.
 */
const { FUZZ_RUNS, FUZZ_SEED } = process.env;
const RUNS = Number(FUZZ_RUNS ?? 1_000);
const SEED = FUZZ_SEED ?? (FUZZ_RUNS === undefined ? "1" : undefined);
const MAX_COMMANDS = 30;

const unhandled: unknown[] = [];
const onUnhandled = (error: unknown): void => void unhandled.push(error);
beforeAll(() => void process.on("unhandledRejection", onUnhandled));
afterAll(() => void process.off("unhandledRejection", onUnhandled));

/** The model needs no state of its own: what is to hold is derived from the book of the run. */
type Model = Record<never, never>;

/** Several things in one go, so that they meet in the mailboxes. */
class Do implements fc.AsyncCommand<Model, Run> {
  readonly ops: readonly Op[];
  constructor(what: readonly Op[]) {
    this.ops = what;
  }
  check(): boolean {
    return true;
  }
  async run(_model: Model, run: Run): Promise<void> {
    for (const op of this.ops) run.do(op);
  }
  toString(): string {
    return JSON.stringify(this.ops);
  }
}

/** Lets time pass, and looks whether all is as it should be. */
class Advance implements fc.AsyncCommand<Model, Run> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check(): boolean {
    return true;
  }
  async run(_model: Model, run: Run): Promise<void> {
    await run.kit.advance(this.ms);
    checkAtRest(run);
    expectNothingWrong(run);
  }
  toString(): string {
    return `advance(${this.ms})`;
  }
}

const commands = fc.commands(
  [
    fc.array(ops, { minLength: 1, maxLength: 4 }).map((what) => new Do(what)),
    fc.array(ops, { minLength: 1, maxLength: 4 }).map((what) => new Do(what)),
    fc.constantFrom(0, 0, 5, 50, 1_000, 6_000).map((ms) => new Advance(ms)),
  ],
  { maxCommands: MAX_COMMANDS, size: "large" },
);

/** With whom a run begins. */
const first = fc.array(plans, { minLength: 1, maxLength: 4, size: "large" });

function expectNothingWrong({ book }: Run): void {
  expect(book.wrong).toEqual([]);
  expect(unhandled.splice(0)).toEqual([]);
}

/** Stops the actors one by one, or the system; either way nothing may be left. */
async function finish(run: Run, oneByOne: boolean): Promise<void> {
  const { book, kit } = run;
  if (oneByOne) {
    await kit.advance(20_000);
    checkInTheLongRun(run);
    checkAtRest(run);
    expectNothingWrong(run);
    run.finishing = true;
    for (const ref of kit.system.actors()) {
      book.follow("stop at the end", stop(ref));
      await kit.advance(1);
    }
    await kit.advance(20_000);
    checkAtTheEnd(run);
    await kit.stop();
  } else {
    run.finishing = true;
    await kit.stop();
    // No time passes: what is settled now was not settled by its time limit.
    await kit.run();
    checkAtTheEnd(run);
    await kit.advance(20_000);
    checkAtTheEnd(run);
  }
  expectNothingWrong(run);
}

test(
  "whatever is done to actors, in whatever order, the promises hold",
  { timeout: 0 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        first,
        commands,
        fc.boolean(),
        fc.boolean(),
        async (actors, cmds, oneByOne, development) => {
          const run = new Run(development);
          for (const plan of actors) run.do({ op: "spawn", plan });
          await fc.asyncModelRun(() => ({ model: {}, real: run }), cmds);
          await finish(run, oneByOne);
        },
      ),
      SEED === undefined ? { numRuns: RUNS } : { numRuns: RUNS, seed: Number(SEED) },
    );
  },
);
