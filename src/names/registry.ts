/** Whoever has the last word on names. */
export interface NameAuthority<T> {
  /** Somebody here wants a name that nobody here has. */
  claim(name: string, bearer: T): void;
  release(bearer: T): void;
}

/**
 * Unique names. Knows nothing of actors: `T` is whatever bears a name.
 *
 * Reading is one map look-up, so the cost is the same with ten names and with a million.
 */
export class Registry<T extends object> {
  readonly #byName = new Map<string, T>();
  readonly #nameOf = new Map<T, string>();
  #authority: NameAuthority<T> | null = null;

  /** From now on names are given here with a reservation: `authority` has to agree. */
  answerTo(authority: NameAuthority<T>): void {
    this.#authority = authority;
  }

  /** Gives `name` to `bearer`; false when somebody has it. */
  claim(name: string, bearer: T): boolean {
    if (this.#byName.has(name)) return false;
    this.#byName.set(name, bearer);
    this.#nameOf.set(bearer, name);
    this.#authority?.claim(name, bearer);
    return true;
  }

  /** Frees the bearer's name, if it has one. */
  release(bearer: T): void {
    if (!this.#nameOf.has(bearer)) return;
    this.forget(bearer);
    this.#authority?.release(bearer);
  }

  /** Takes it back where the authority has refused it: the name is somebody else's there. */
  forget(bearer: T): void {
    const name = this.#nameOf.get(bearer);
    if (name === undefined) return;
    this.#nameOf.delete(bearer);
    this.#byName.delete(name);
  }

  get(name: string): T | undefined {
    return this.#byName.get(name);
  }

  /** All names in use, in the order in which they were given. */
  names(): string[] {
    return [...this.#byName.keys()];
  }
}
