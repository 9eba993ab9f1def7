import { comesBack, type FailureDecision } from "../supervision/child-spec.ts";
import type { Cell, Failure } from "./cell.ts";
import { BadInputError } from "./errors.ts";
import { describe } from "./exit-reason.ts";
import { asNobody } from "./running.ts";
import { isThenable } from "./verb.ts";

/** What becomes of a child that failed: what its `onFailure` says, within what can be. */
export function decide(child: Cell, failure: Failure): FailureDecision {
  const { options } = child;
  const restarts = child.rare?.restarts ?? 0;
  let decision: FailureDecision | undefined;
  try {
    decision = asNobody(() =>
      options.onFailure?.(failure.error, {
        child: child.label,
        phase: failure.phase,
        restarting: failure.phase === "init",
        restarts,
        state: child.incarnation?.lastState,
      }),
    );
    checkDecision(decision);
  } catch (error) {
    child.kernel.events.emit({
      type: "hookFailed",
      actor: child.label,
      hook: "onFailure",
      error,
    });
    return "escalate";
  }
  decision ??= comesBack(options.restart, true) ? "restart" : "stop";
  if (decision === "resume" && !canResume(child, failure)) return "stop";
  const restart = decision === "restart" || typeof decision === "object";
  return restart && !mayRestart(child) ? "stop" : decision;
}

/** False when it has come back as often as it may. */
export function mayRestart({ rare, options }: Cell): boolean {
  return (rare?.restarts ?? 0) < options.maxRestarts;
}

/** False where nothing is left that could go on; an `init` may have been cut off by a link. */
function canResume({ status }: Cell, { phase, reason, killed }: Failure): boolean {
  if (killed || status !== "running") return false;
  return reason.kind === "failed" && phase !== "init" && phase !== "loop" && phase !== "thread";
}

/** Refuses what is no decision, as untyped code may give: an async `onFailure`, a misspelt word. */
function checkDecision(given: unknown): void {
  if (given == null || DECISIONS.has(given)) return;
  if (isThenable(given)) given.then(undefined, () => {});
  else if (typeof given === "object" && "restart" in given && "props" in given) return;
  throw new BadInputError(
    `onFailure answered ${describe(given)}; it can answer "restart", "stop", "resume", "escalate" or { restart: true, props }, at once`,
  );
}

const DECISIONS: ReadonlySet<unknown> = new Set(["restart", "stop", "resume", "escalate"]);
