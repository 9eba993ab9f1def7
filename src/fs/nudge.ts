import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import { createHostWorld } from "../world/host-world.ts";
import type { TimerHandle } from "../world/world.ts";

/** Files live in the host's time, also where actors do not. */
const world = createHostWorld();

/**
 * Says that it may be worth while to look at a file again.
 *
 * The host tells of its folder at once, where it can; a timer says so in any case, for what the
 * host does not tell of, such as network file systems and folders that are made later.
 */
export class Nudge {
  /** Also for other files of the folder: the file may have got another name. */
  anyFile = false;
  readonly #path: string;
  readonly #pollMs: number;
  readonly #onNudge: () => void;
  #watcher: FSWatcher | null = null;
  #timer: TimerHandle = null;
  #over = false;

  constructor(path: string, pollMs: number, onNudge: () => void) {
    this.#path = path;
    this.#pollMs = pollMs;
    this.#onNudge = onNudge;
    this.#listen();
    this.#poll();
  }

  #listen(): void {
    const name = basename(this.#path);
    try {
      const watcher = watch(dirname(this.#path), (_event, changed) => {
        if (changed === null || changed === name || this.anyFile) this.#onNudge();
      });
      watcher.on("error", () => {
        watcher.close();
        if (this.#watcher === watcher) this.#watcher = null;
      });
      this.#watcher = watcher;
    } catch {
      // There is no such folder yet, or the host can watch no more: the timer does it.
    }
  }

  #poll(): void {
    this.#timer = world.setTimer(this.#pollMs, () => {
      if (this.#over) return;
      if (this.#watcher === null) this.#listen();
      this.#poll();
      this.#onNudge();
    });
  }

  end(): void {
    this.#over = true;
    world.clearTimer(this.#timer);
    this.#watcher?.close();
    this.#watcher = null;
  }
}
