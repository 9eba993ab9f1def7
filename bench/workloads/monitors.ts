import { actor, createSystem, link, monitor, stop, unlink, type AnyRef } from "troupe";
import { signal, timed } from "../task.ts";
import type { Contest, Prepare, Round, Size, Task } from "../workload.ts";

const OPS = 100_000;
const GUESTS = 10_000;

const nothing = (): void => {};

const Idle = actor({ name: "idle", init: () => ({}) });

/** One that is watched by so many. */
const setAndCancel: Prepare<Round> = ({ watchers = 0 }) => {
  const watched = createSystem().spawn(Idle);
  for (let i = 0; i < watchers; i++) monitor(watched, nothing);
  return (ops) => {
    let cancelled = 0;
    for (; cancelled < ops; cancelled++) monitor(watched, nothing).cancel();
    return cancelled;
  };
};

/** One after the other ends, and so many are told each time. */
const downs: Prepare<Round> = ({ watchers = 1 }) => {
  const system = createSystem();
  const tell = async (count: number): Promise<number> => {
    const watched = system.spawn(Idle);
    const { fired, fire } = signal<number>();
    let heard = 0;
    for (let i = 0; i < count; i++) {
      monitor(watched, () => {
        if (++heard === count) fire(heard);
      });
    }
    await stop(watched);
    return fired;
  };
  return async (ops) => {
    let heard = 0;
    while (heard < ops) heard += await tell(Math.min(watchers, ops - heard));
    return heard;
  };
};

/** One that is linked to so many. */
const links: Prepare<Round> = ({ watchers = 0 }) => {
  const system = createSystem();
  const hub = system.spawn(Idle);
  const others: AnyRef[] = Array.from({ length: watchers }, () => system.spawn(Idle));
  for (const other of others) link(hub, other);
  // Not the same one each time: what a Set forgets, and gets again, it searches for ever longer.
  const guests = Array.from({ length: GUESTS }, () => system.spawn(Idle));
  return (ops) => {
    let dissolved = 0;
    for (; dissolved < ops; dissolved++) {
      const guest = guests[dissolved % GUESTS] ?? hub;
      link(hub, guest);
      unlink(hub, guest);
    }
    return dissolved;
  };
};

class Listener {
  heard = 0;
}

const listenersInSet: Prepare<Round> = ({ watchers = 0 }) => {
  const listeners = new Set<Listener>();
  for (let i = 0; i < watchers; i++) listeners.add(new Listener());
  return (ops) => {
    let removed = 0;
    for (let i = 0; i < ops; i++) {
      const listener = new Listener();
      listeners.add(listener);
      if (listeners.delete(listener)) removed++;
    }
    return removed;
  };
};

const toldListeners: Prepare<Round> =
  ({ watchers = 1 }) =>
  (ops) => {
    let told = 0;
    while (told < ops) {
      const count = Math.min(watchers, ops - told);
      const listeners = new Set<Listener>();
      for (let i = 0; i < count; i++) listeners.add(new Listener());
      for (const listener of listeners) told += ++listener.heard;
    }
    return told;
  };

function among(label: string, watchers: number): Task[] {
  const common = {
    size: { watchers, monitors: OPS },
    ops: (size: Size): number => size["monitors"] ?? 0,
    divisible: true,
  };
  const plain = { who: "listener in a set", prepare: listenersInSet };
  return [
    timed({
      ...common,
      label: `monitors, set and cancel beside ${label}`,
      adapter: "monitors",
      troupe: setAndCancel,
      plain,
    }),
    timed({
      ...common,
      label: `monitors, ${label} told`,
      adapter: "downs",
      troupe: downs,
      plain: { who: "listener in a set", prepare: toldListeners },
    }),
    timed({
      ...common,
      label: `links, made and dissolved beside ${label}`,
      adapter: "links",
      troupe: links,
      plain,
    }),
  ];
}

export const monitors: Contest = {
  name: "monitors",
  what: "a watch on an actor that many watch: set and cancelled, or set and told; and a link",
  tasks: [...among("1 k", 1_000), ...among("100 k", 100_000)],
};
