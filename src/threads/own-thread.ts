import type { Cell } from "../kernel/cell.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { SHUTDOWN } from "../kernel/exit-reason.ts";
import type { Place } from "../kernel/place.ts";
import type { StandIns } from "../peer/stand-ins.ts";
import { moduleOf } from "../wire/definitions.ts";
import { checkThreads, threadOptions, watchdogOf, type ThreadSettings } from "./options.ts";
import { makePlace } from "./place.ts";
import { killIfBlocked } from "./pool.ts";
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
  const threads = new Map<StandIns, Thread>();
  const byCell = new WeakMap<Cell, Thread>();
  return makePlace(true, {
    lodge(cell) {
      const known = byCell.get(cell);
      if (known !== undefined && known.status !== "ended") return known.standIns;
      const started = startFor(cell, settings, () => threads.delete(started.standIns));
      threads.set(started.standIns, started);
      byCell.set(cell, started);
      return started.standIns;
    },
    urge(node) {
      const urged = threads.get(node);
      if (urged !== undefined) killIfBlocked(node.peer.kernel, urged);
    },
  });
}

function startFor(cell: Cell, settings: ThreadSettings, onEnd: () => void): Thread {
  const { kernel, behaviour, label } = cell;
  const module = settings.module ?? moduleOf(behaviour.definition);
  const what = `thread for ${label}`;
  const options = threadOptions(what, module === undefined ? settings : { ...settings, module });
  const watchdog = watchdogFor(kernel, settings);
  const beatMs = watchdog?.beatMs ?? 1_000;
  const started = new Thread(kernel, { ...options, name: `${label}/thread`, beatMs }, () => {
    watchdog?.stop();
    onEnd();
  });
  watchdog?.watch(started);
  started.standIns.onEmpty = () => void started.terminate(SHUTDOWN, "has ended with its actor");
  return started;
}

function watchdogFor(kernel: Kernel, settings: ThreadSettings): Watchdog | null {
  const options = watchdogOf(settings);
  return options === null ? null : new Watchdog(kernel, options);
}
