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
  readonly #watches = new Set<Watch<T>>();

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

  /** Takes a member out of all its groups, however often it joined. */
  leaveAll(member: T): void {
    for (const members of this.#memberships.get(member) ?? []) this.#remove(members, member);
  }

  /** The members in the order in which they joined. */
  members({ scope, name }: Group<unknown>): T[] {
    return [...(this.#scopes.get(scope)?.get(name)?.keys() ?? [])];
  }

  /** The members of all groups that a filter picks, each once. */
  matching(filter: GroupFilter): T[] {
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
    this.#watches.add(watch);
    return () => void this.#watches.delete(watch);
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
    for (const { filter, listener } of this.#watches) {
      if ((filter.scope ?? scope) === scope && (filter.name ?? name) === name) {
        listener({ kind, scope, name, member });
      }
    }
  }
}
