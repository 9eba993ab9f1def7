import type { GroupFilter } from "../names/groups.ts";
import { callHook } from "./behaviour.ts";
import { BadInputError } from "./errors.ts";
import type { GroupChange } from "./group-ref.ts";
import type { Belonging } from "./belonging.ts";
import type { Incarnation } from "./incarnation.ts";
import { pushLane } from "./lane.ts";
import type { AnyRef } from "./ref.ts";
import { Verb } from "./verb.ts";

type Listener = ((change: GroupChange) => void) | undefined;

const ON_GROUP = new Verb(
  "group",
  "cast",
  (ctx: Incarnation, watch: GroupWatch, change: GroupChange) => watch.tell(ctx, change),
  "lifecycle",
);

/** An actor's watch on groups; the changes come in its lifecycle lane. */
class GroupWatch implements Belonging {
  place: Belonging["place"] = null;
  readonly #listener: Listener;
  #end: (() => void) | null = null;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  start(owner: Incarnation, filter: GroupFilter): void {
    const { cell } = owner;
    this.#end = cell.kernel.groups.watch(filter, ({ kind, scope, name, member }) => {
      pushLane(cell, ON_GROUP, [this, { kind, scope, name, ref: member.ref }], member);
    });
  }

  tell(ctx: Incarnation, change: GroupChange): unknown {
    if (this.#end === null) return undefined;
    if (this.#listener !== undefined) return this.#listener(change);
    const { onGroup } = ctx.cell.behaviour;
    return onGroup === undefined ? undefined : callHook(onGroup, ctx, change);
  }

  release(): void {
    this.#end?.();
    this.#end = null;
  }
}

/** Starts a watch; the snapshot and the first change after it leave no gap, and do not overlap. */
export function watchGroupFor(
  owner: Incarnation,
  filter: GroupFilter,
  listener: Listener,
): AnyRef[] {
  if (listener === undefined && owner.cell.behaviour.onGroup === undefined) {
    throw new BadInputError(
      `ctx.watchGroup in ${owner.name}: nobody would hear of changes; give a listener, or the definition an onGroup hook`,
    );
  }
  const watch = new GroupWatch(listener);
  owner.own(watch);
  watch.start(owner, filter);
  return owner.cell.kernel.groups.matching(filter).map(({ ref }) => ref);
}
