declare const MEMBER: unique symbol;

/** A set of actors that do the same work; equal to every group of the same scope and name. */
export interface Group<A> {
  readonly scope: string;
  readonly name: string;
  /** Phantom: the protocol of its members. */
  readonly [MEMBER]?: A;
}

/** A change in who belongs to a group; `T` as it was given. */
export interface MembershipChange<T> {
  readonly kind: "joined" | "left";
  readonly scope: string;
  readonly name: string;
  readonly member: T;
}

/** What a watch is for: one group, all groups of a scope, or all there are. */
export interface GroupFilter {
  readonly scope?: string;
  readonly name?: string;
}

interface Watch<T> {
  readonly filter: GroupFilter;
  readonly listener: (change: MembershipChange<T>) => void;
}

/** Keys are pairs, so that no scope and name can be mistaken for another pair. */
type Scopes<T> = Map<string, Map<string, Map<T, number>>>;

/**
 * Who belongs to which group. Knows nothing of actors: `T` is whatever joins.
 *
 * A member that joins n times has to leave n times, as in OTP's `pg`; it is listed once. Those who
 * watch hear of the first joining and the last leaving, in order.
 */
export class Groups<T extends object> {
  readonly #scopes: Scopes<T> = new Map();
  readonly #memberships = new Map<T, Set<Map<T, number>>>();
  readonly #keys = new Map<Map<T, number>, Group<unknown>>();
  /** How far each group's turns have come; an iterator of a map sees who joins and who leaves. */
  readonly #rounds = new WeakMap<Map<T, number>, MapIterator<T>>();
  /** By the name that they are for, `undefined` for any: a change is not to walk all there are. */
  readonly #watches = new Map<string | undefined, Set<Watch<T>>>();

  join(group: Group<unknown>, member: T): void {
    const members = this.#membersOf(group);
    const times = members.get(member);
    members.set(member, (times ?? 0) + 1);
    if (times !== undefined) return;
    const memberships = this.#memberships.get(member) ?? new Set();
    this.#memberships.set(member, memberships.add(members));
    this.#tell("joined", group, member);
  }

  /** False when it was no member. */
  leave(group: Group<unknown>, member: T): boolean {
    const members = this.#scopes.get(group.scope)?.get(group.name);
    const times = members?.get(member);
    if (members === undefined || times === undefined) return false;
    if (times > 1) members.set(member, times - 1);
    else this.#remove(members, member);
    return true;
  }

  /**
   * Starts counting anew for a member that stays: it has joined no group, and left none.
   *
   * So one that joins whenever it begins again has to leave once, and not once for each beginning.
   */
  recount(member: T): void {
    for (const members of this.#memberships.get(member) ?? []) members.set(member, 0);
  }

  has({ scope, name }: Group<unknown>, member: T): boolean {
    return this.#scopes.get(scope)?.get(name)?.has(member) === true;
  }

  /** Takes a member out of a group, however often it joined. */
  remove({ scope, name }: Group<unknown>, member: T): void {
    const members = this.#scopes.get(scope)?.get(name);
    if (members?.has(member) === true) this.#remove(members, member);
  }

  /** Who is in which group. */
  *all(): Iterable<Group<unknown> & { readonly member: T }> {
    for (const [members, { scope, name }] of this.#keys) {
      for (const member of members.keys()) yield { scope, name, member };
    }
  }

  /** Takes a member out of all its groups, however often it joined. */
  leaveAll(member: T): void {
    for (const members of this.#memberships.get(member) ?? []) this.#remove(members, member);
  }

  /** The members in the order in which they joined. */
  members({ scope, name }: Group<unknown>): T[] {
    return [...(this.#scopes.get(scope)?.get(name)?.keys() ?? [])];
  }

  size({ scope, name }: Group<unknown>): number {
    return this.#scopes.get(scope)?.get(name)?.size ?? 0;
  }

  /** A member, each in turn, whoever asks; undefined when there is none. */
  next({ scope, name }: Group<unknown>): T | undefined {
    const members = this.#scopes.get(scope)?.get(name);
    if (members === undefined) return undefined;
    const step = this.#rounds.get(members)?.next();
    if (step?.done === false) return step.value;
    const round = members.keys();
    this.#rounds.set(members, round);
    return round.next().value;
  }

  /** The members of all groups that a filter picks, each once. */
  matching(filter: GroupFilter): T[] {
    const { scope: only, name: called } = filter;
    if (only !== undefined && called !== undefined)
      return this.members({ scope: only, name: called });
    const found = new Set<T>();
    for (const [members, { scope, name }] of this.#keys) {
      if ((filter.scope ?? scope) !== scope || (filter.name ?? name) !== name) continue;
      for (const member of members.keys()) found.add(member);
    }
    return [...found];
  }

  scopes(): string[] {
    return [...this.#scopes.keys()];
  }

  /** The names of the groups in a scope that have members. */
  names(scope: string): string[] {
    return [...(this.#scopes.get(scope)?.keys() ?? [])];
  }

  /** Calls `listener` for every change from now on; returns how to end that. */
  watch(filter: GroupFilter, listener: (change: MembershipChange<T>) => void): () => void {
    const watch = { filter, listener };
    const watches = this.#watches.get(filter.name) ?? new Set();
    this.#watches.set(filter.name, watches.add(watch));
    return () => {
      if (watches.delete(watch) && watches.size === 0) this.#watches.delete(filter.name);
    };
  }

  #membersOf({ scope, name }: Group<unknown>): Map<T, number> {
    const groups = this.#scopes.get(scope) ?? new Map<string, Map<T, number>>();
    this.#scopes.set(scope, groups);
    const known = groups.get(name);
    if (known !== undefined) return known;
    const members = new Map<T, number>();
    groups.set(name, members);
    this.#keys.set(members, { scope, name });
    return members;
  }

  #remove(members: Map<T, number>, member: T): void {
    const group = this.#keys.get(members)!;
    members.delete(member);
    const memberships = this.#memberships.get(member)!;
    memberships.delete(members);
    if (memberships.size === 0) this.#memberships.delete(member);
    if (members.size === 0) this.#forget(group, members);
    this.#tell("left", group, member);
  }

  /** An empty group is no group: nothing stays of it. */
  #forget({ scope, name }: Group<unknown>, members: Map<T, number>): void {
    this.#keys.delete(members);
    const groups = this.#scopes.get(scope)!;
    groups.delete(name);
    if (groups.size === 0) this.#scopes.delete(scope);
  }

  #tell(kind: "joined" | "left", { scope, name }: Group<unknown>, member: T): void {
    for (const called of [name, undefined]) {
      for (const { filter, listener } of this.#watches.get(called) ?? []) {
        if ((filter.scope ?? scope) === scope) listener({ kind, scope, name, member });
      }
    }
  }
}
