import type { CommandCounts } from "./clients.ts";
import type { Decisions } from "./decisions.ts";
import type { EscapedAwaitError } from "./errors.ts";

/** What did not hold in a run. */
export interface RunFailure {
  readonly invariant: string;
  readonly message: string;
  readonly error: unknown;
}

/** What came of a run. */
export interface RunResult {
  readonly failure: RunFailure | undefined;
  /** Something was asked of the host; an error where it is known already by whom and for what. */
  readonly escaped: EscapedAwaitError | boolean;
  readonly decisions: Decisions;
  readonly hash: string;
  /** The same for runs in which each actor handled the same in the same order. */
  readonly orders: number;
  readonly turns: number;
  readonly steps: number;
  readonly simulatedMs: number;
  readonly commands: CommandCounts;
  readonly undecided: readonly string[];
  /** Names that faults are for and that nobody bore. */
  readonly strangers: readonly string[];
}
