import type { Group as GroupKey } from "../names/groups.ts";
import type { ActorDef } from "./behaviour.ts";
import { idInAllNodes } from "./door.ts";
import { hashText } from "./hash.ts";
import type { Kernel } from "./kernel.ts";
import { checkName } from "./options.ts";
import { refTo, type AnyRef, type Ref } from "./ref.ts";

/** A name for a set of actors that do the same work; made by `group`. */
export type Group<A> = GroupKey<A>;

/** A change in a group that is watched. */
export interface GroupChange {
  readonly kind: "joined" | "left";
  readonly scope: string;
  readonly name: string;
  readonly ref: AnyRef;
}

/** Names a group of actors of one kind: what `ctx.join` and `system.group` take. */
export function group<A>(_def: ActorDef<A, never>, name: string, scope = "default"): Group<A> {
  checkName("group: name", name ?? "");
  checkName("group: scope", scope);
  return { scope, name };
}

/** All actors of a group, as one. Members come and go; each use looks at who is there now. */
export class GroupRef<A> {
  readonly #kernel: Kernel;
  readonly #group: Group<A>;

  constructor(kernel: Kernel, key: Group<A>) {
    this.#kernel = kernel;
    this.#group = key;
  }

  /** The members in the order in which they joined. */
  members(): Ref<A>[] {
    return this.#kernel.groups.members(this.#group).map((cell) => refTo<A>(cell));
  }

  get size(): number {
    return this.#kernel.groups.size(this.#group);
  }

  /** Does something with every member: `workers.all((w) => w.flush())`. */
  all<R>(fn: (member: Ref<A>) => R): R[] {
    return this.members().map(fn);
  }

  /** A member, each in turn, over all who ask in this system; undefined when there is none. */
  one(): Ref<A> | undefined {
    const cell = this.#kernel.groups.next(this.#group);
    return cell === undefined ? undefined : refTo<A>(cell);
  }

  /** A member by chance; undefined when there is none. */
  random(): Ref<A> | undefined {
    const members = this.members();
    return members[Math.floor(this.#kernel.world.random() * members.length)];
  }

  /**
   * The member for a key: the same one as long as the members stay the same.
   *
   * By rendezvous hashing: when one leaves, only its keys move.
   */
  by(key: string): Ref<A> | undefined {
    let best: { ref: Ref<A>; weight: number } | undefined;
    for (const cell of this.#kernel.groups.members(this.#group)) {
      const weight = hashText(`${idInAllNodes(cell)}/${key}`);
      if (best === undefined || weight > best.weight) {
        best = { ref: refTo(cell), weight };
      }
    }
    return best?.ref;
  }

  /** Resolves when all who are members now have ended. */
  async exited(): Promise<void> {
    await Promise.all(
      this.#kernel.groups.members(this.#group).map((cell) => this.#kernel.exited(cell)),
    );
  }
}
