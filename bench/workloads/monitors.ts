import { actor, createSystem, link, monitor, stop, unlink, type AnyRef } from "troupe";
import { signal, timed } from "../task.ts";
import type { Contest, Prepare, Round, Task } from "../workload.ts";

const OPS = 100_000;

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

const downs: Prepare<Round> = () => {
  const system = createSystem();
  return async (ops) => {
    const watched = system.spawn(Idle);
    const { fired, fire } = signal<number>();
    let heard = 0;
    for (let i = 0; i < ops; i++) {
      monitor(watched, () => {
        if (++heard === ops) fire(heard);
      });
    }
    await stop(watched);
    return fired;
  };
};

/** One that is linked to so many. */
const links: Prepare<Round> = ({ watchers = 0 }) => {
  const system = createSystem();
  const hub = system.spawn(Idle);
  const others: AnyRef[] = Array.from({ length: watchers }, () => system.spawn(Idle));
  for (const other of others) link(hub, other);
  const other = system.spawn(Idle);
  return (ops) => {
    let dissolved = 0;
    for (; dissolved < ops; dissolved++) {
      link(hub, other);
      unlink(hub, other);
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

const toldListeners: Prepare<Round> = () => (ops) => {
  const listeners = new Set<Listener>();
  for (let i = 0; i < ops; i++) listeners.add(new Listener());
  let told = 0;
  for (const listener of listeners) told += ++listener.heard;
  return told;
};

function of(label: string, watchers: number): Task[] {
  const size = { watchers, monitors: OPS };
  const ops = (given: typeof size | Readonly<Record<string, number>>): number =>
    given["monitors"] ?? 0;
  const plain = { who: "listener in a set", prepare: listenersInSet };
  return [
    timed({
      label: `monitors, set and cancel beside ${label}`,
      adapter: "monitors",
      size,
      ops,
      divisible: true,
      troupe: setAndCancel,
      plain,
    }),
    timed({
      label: `links, made and dissolved beside ${label}`,
      adapter: "links",
      size,
      ops,
      divisible: true,
      troupe: links,
      plain,
    }),
  ];
}

function ending(label: string, monitors: number): Task {
  return timed({
    label: `monitors, ${label} down`,
    adapter: "downs",
    size: { monitors },
    ops: (size) => size["monitors"] ?? 0,
    divisible: false,
    troupe: downs,
    plain: { who: "listener in a set", prepare: toldListeners },
  });
}

export const monitors: Contest = {
  name: "monitors",
  what: "a watch on an actor that many watch: set and cancelled, or set and told; and a link",
  tasks: [...of("1 k", 1_000), ...of("100 k", 100_000), ending("1 k", 1_000), ending("100 k", OPS)],
};
