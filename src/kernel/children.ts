import { drainCell, exitedCell } from "./acts.ts";
import type { Cell } from "./cell.ts";
import type { Children } from "./context.ts";
import { BadInputError } from "./errors.ts";
import type { ChildFamily } from "./family.ts";
import type { Incarnation } from "./incarnation.ts";
import { cellOf, type AnyRef } from "./ref.ts";

/** What an actor can do with its children by hand. */
export class ChildrenOf implements Children {
  readonly #owner: Incarnation;

  constructor(owner: Incarnation) {
    this.#owner = owner;
  }

  get #cells(): Cell[] {
    this.#owner.check("ctx.children");
    return this.#owner.cell.family?.list() ?? [];
  }

  list(): AnyRef[] {
    return this.#cells.map(({ ref }) => ref);
  }

  get size(): number {
    this.#owner.checkRevoked("ctx.children");
    return this.#owner.cell.family?.size ?? 0;
  }

  stop(child: AnyRef): Promise<void> {
    return unawaited(this.#stop(child));
  }

  stopAll(): Promise<void> {
    return unawaited(this.#stopAll());
  }

  drainAll(): Promise<void> {
    return unawaited(this.#drainAll());
  }

  async #stop(child: AnyRef): Promise<void> {
    const cell = cellOf(child);
    this.#owner.checkRevoked("ctx.children");
    if (cell.status === "stopped") return;
    if (cell.parent !== this.#owner.cell) {
      throw new BadInputError(`children.stop: ${cell.label} is no child of ${this.#owner.name}`);
    }
    this.#owner.check("ctx.children");
    (this.#owner.cell.family as ChildFamily).stopChild(cell);
    await exitedCell(cell);
  }

  async #stopAll(): Promise<void> {
    for (const child of this.#cells.toReversed()) {
      // In order: one after the other is the promise
      await this.#stop(child.ref);
    }
  }

  async #drainAll(): Promise<void> {
    await Promise.all(this.#cells.map((child) => drainCell(child)));
  }
}

/** A promise that may be left alone: an actor may end before what it began has, and nothing escapes. */
function unawaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
