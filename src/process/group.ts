import host from "node:process";
import { createHostWorld } from "../world/host-world.ts";

const world = createHostWorld();

/** How often it is looked whether a group is empty: the host tells of no one but our own child. */
const LOOK_MS = 20;

/** The programs that a program has started, and itself, as POSIX puts them together. */
export class Group {
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  /** Answers false where there is nobody left. */
  signal(name: NodeJS.Signals | 0): boolean {
    try {
      return host.kill(-this.#id, name);
    } catch {
      return false;
    }
  }

  /**
   * Waits until it is empty, and kills what is left after that time.
   *
   * To be begun when its first program ends: once a group is empty, its number may be another's.
   */
  async end(killAfterMs: number): Promise<void> {
    const limit = world.now() + killAfterMs;
    while (this.signal(0)) {
      if (world.now() >= limit) {
        this.signal("SIGKILL");
        return;
      }
      await new Promise<void>((resolve) => world.setTimer(LOOK_MS, resolve));
    }
  }
}
