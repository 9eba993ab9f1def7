import { callHook } from "./behaviour.ts";
import type { Cell } from "./cell.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Incarnation } from "./incarnation.ts";
import { pushLane } from "./lane.ts";
import type { AnyRef } from "./ref.ts";
import { Verb } from "./verb.ts";

/** What a parent's `onChild` is told. Events of one child come in order. */
export type ChildEvent =
  | { readonly kind: "started" | "restarted"; readonly ref: AnyRef; readonly name: string }
  | {
      readonly kind: "failed";
      readonly ref: AnyRef;
      readonly name: string;
      readonly error: unknown;
      /** What became of it. */
      readonly decision: "restart" | "stop" | "resume" | "escalate";
    }
  | {
      readonly kind: "ended";
      readonly ref: AnyRef;
      readonly name: string;
      readonly reason: ExitReason;
      /** The state that it left, which may seed a successor; half-changed after a failure. */
      readonly state: unknown;
    };

const ON_CHILD = new Verb(
  "child",
  "cast",
  (ctx: Incarnation, event: ChildEvent) => callHook(ctx.cell.behaviour.onChild!, ctx, event),
  "lifecycle",
);

/** Tells a parent that has an `onChild`. */
export function tellParent(parent: Cell, child: Cell, event: ChildEvent): void {
  pushLane(parent, ON_CHILD, [event], child);
}
