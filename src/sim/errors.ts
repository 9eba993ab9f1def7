import { TroupeError } from "../index.ts";

/**
 * Something waits for what the simulation does not own: a socket, a file, a thread.
 *
 * The stack is that of the code that asked the host for it, where that could be found out.
 */
export class EscapedAwaitError extends TroupeError {
  static readonly code = "TROUPE_ESCAPED_AWAIT";
  readonly code = "TROUPE_ESCAPED_AWAIT";
}

/** The same decisions did not lead to the same run: something asks for more than the simulation owns. */
export class NondeterminismError extends TroupeError {
  static readonly code = "TROUPE_NONDETERMINISM";
  readonly code = "TROUPE_NONDETERMINISM";
  readonly seed: number;

  constructor(message: string, seed: number) {
    super(message);
    this.seed = seed;
  }
}

/** What a failure is known by, before anybody has told it. */
export interface FailureFacts {
  readonly seed: number;
  /** The name of what did not hold: a check's, or `uncaught`, `stalled` and the like. */
  readonly invariant: string;
  /** The decision file, where one was written. */
  readonly file: string | undefined;
  /** The hash of the shrunk run's trace. */
  readonly hash: string;
  /** Decisions of the run as it was found, and of what is left of it. */
  readonly decisions: { readonly found: number; readonly left: number };
  /** The last turns, drawn. */
  readonly diagram: string;
}

/** A seed led to a run in which something did not hold. The message tells all there is to know. */
export class SimulationError extends TroupeError implements FailureFacts {
  static readonly code = "TROUPE_SIMULATION";
  readonly code = "TROUPE_SIMULATION";
  readonly seed: number;
  readonly invariant: string;
  readonly file: string | undefined;
  readonly hash: string;
  readonly decisions: { readonly found: number; readonly left: number };
  readonly diagram: string;

  constructor(message: string, facts: FailureFacts, cause: unknown) {
    super(message, { cause });
    this.seed = facts.seed;
    this.invariant = facts.invariant;
    this.file = facts.file;
    this.hash = facts.hash;
    this.decisions = facts.decisions;
    this.diagram = facts.diagram;
  }
}
