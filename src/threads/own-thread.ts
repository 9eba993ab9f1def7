import type { Belonging } from "../kernel/belonging.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { SHUTDOWN } from "../kernel/exit-reason.ts";
import type { Place } from "../kernel/place.ts";
import type { StandIns } from "../peer/stand-ins.ts";
import { moduleOf } from "../wire/definitions.ts";
import { checkThreads, threadOptions, watchdogOf, type ThreadSettings } from "./options.ts";
import { makePlace } from "./place.ts";
import { Thread } from "./thread.ts";
import { Watchdog } from "./watchdog.ts";

/**
 * A thread of its own for each actor that is spawned on it: `{ on: thread() }`.
 *
 * The thread ends with the actor; where the actor is to be killed and holds the event loop, the
 * thread is terminated. Without `module`, it loads the one that registered the definition with
 * `register(definitions, import.meta.url)`.
 */
export function thread(settings: ThreadSettings = {}): Place {
  checkThreads("thread", settings);
  if (settings.module !== undefined || settings.worker !== undefined) {
    threadOptions("thread", settings);
  }
  const running = new WeakMap<Kernel, OwnThreads>();
  const of = (kernel: Kernel): OwnThreads => {
    const known = running.get(kernel) ?? new OwnThreads(kernel, settings);
    running.set(kernel, known);
    return known;
  };
  return makePlace(true, {
    lodge: (cell) => of(cell.kernel).threadOf(cell).standIns,
    urge: (node, cell) => of(node.peer.kernel).urge(node, cell),
  });
}

/** The threads of one place in one system. */
class OwnThreads {
  readonly #kernel: Kernel;
  readonly #settings: ThreadSettings;
  readonly #watchdog: Watchdog | null;
  readonly #byNode = new Map<StandIns, Thread>();
  readonly #byCell = new WeakMap<Cell, Thread>();

  constructor(kernel: Kernel, settings: ThreadSettings) {
    this.#kernel = kernel;
    this.#settings = settings;
    const watchdog = watchdogOf(settings);
    this.#watchdog = watchdog === null ? null : new Watchdog(kernel, watchdog);
  }

  threadOf(cell: Cell): Thread {
    const known = this.#byCell.get(cell);
    if (known !== undefined && known.status !== "ended") return known;
    const started = this.#startFor(cell);
    this.#byNode.set(started.standIns, started);
    this.#byCell.set(cell, started);
    return started;
  }

  #startFor(cell: Cell): Thread {
    const { behaviour, label } = cell;
    const settings = this.#settings;
    const module = settings.module ?? moduleOf(behaviour.definition);
    const given = module === undefined ? settings : { ...settings, module };
    const options = {
      ...threadOptions(`thread for ${label}`, given),
      name: `${label}/thread`,
      beatMs: this.#watchdog?.beatMs ?? 1_000,
    };
    const root = cell.root.incarnation;
    const started = new Thread(this.#kernel, options, () => {
      root?.disown(lastCall);
      this.#watchdog?.forget(started);
      this.#byNode.delete(started.standIns);
    });
    this.#watchdog?.watch(started);
    started.standIns.onEmpty = () => void started.terminate(SHUTDOWN, "has ended with its actor");
    const lastCall = new EndsThread(started);
    root?.own(lastCall);
    return started;
  }

  urge(node: StandIns, cell: Cell): void {
    const urged = this.#byNode.get(node);
    // Nobody else waits for it to be ready.
    if (urged?.status === "starting") urged.kill("was killed with its actor");
    else urged?.killIfHeldBy(cell);
  }
}

/** Ends with the system a thread that outlived its actor, for calls are still answered over it. */
class EndsThread implements Belonging {
  place: Belonging["place"] = null;
  readonly #lasting: Thread;

  constructor(lasting: Thread) {
    this.#lasting = lasting;
  }

  release(): void {
    void this.#lasting.terminate(SHUTDOWN, "has ended with its system");
  }
}
