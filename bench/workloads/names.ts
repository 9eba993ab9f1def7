import { actor, createSystem, stop, type System } from "troupe";
import { timed } from "../task.ts";
import type { Contest, Prepare, Round, Size, Task } from "../workload.ts";
import { PlainCounter } from "./counting.ts";

const OPS = 100_000;
const AT_ONCE = 1_000;

const Named = actor({ name: "named", init: () => ({}) });

function populated({ names: taken = 0 }: Size): System {
  const system = createSystem();
  for (let i = 0; i < taken; i++) system.spawn(Named, undefined, { name: `name-${i}` });
  return system;
}

/** Names that are not the same object, as they come from a request. */
const nameOf = (i: number): string => `name-${i}`;

const lookUp: Prepare<Round> = (size) => {
  const { names: taken = 1 } = size;
  const system = populated(size);
  return (ops) => {
    let found = 0;
    for (let i = 0; i < ops; i++) {
      if (system.whereIs(Named, nameOf((i * 7) % taken)) !== undefined) found++;
    }
    return found;
  };
};

const registerAndFree: Prepare<Round> = (size) => {
  const system = populated(size);
  return async (ops) => {
    let freed = 0;
    for (let done = 0; done < ops; done += AT_ONCE) {
      const ends: Promise<unknown>[] = [];
      for (let i = done; i < Math.min(ops, done + AT_ONCE); i++) {
        ends.push(stop(system.spawn(Named, undefined, { name: `new-${i}` })));
      }
      freed += (await Promise.all(ends)).length;
    }
    return freed;
  };
};

function plainNames({ names: taken = 0 }: Size): Map<string, PlainCounter> {
  const named = new Map<string, PlainCounter>();
  for (let i = 0; i < taken; i++) named.set(nameOf(i), new PlainCounter());
  return named;
}

const plainLookUp: Prepare<Round> = (size) => {
  const { names: taken = 1 } = size;
  const named = plainNames(size);
  return (ops) => {
    let found = 0;
    for (let i = 0; i < ops; i++) if (named.has(nameOf((i * 7) % taken))) found++;
    return found;
  };
};

const plainRegisterAndFree: Prepare<Round> = (size) => {
  const named = plainNames(size);
  return (ops) => {
    let freed = 0;
    for (let i = 0; i < ops; i++) {
      named.set(`new-${i}`, new PlainCounter());
      if (named.delete(`new-${i}`)) freed++;
    }
    return freed;
  };
};

function among(label: string, taken: number): Task[] {
  const common = {
    size: { names: taken, times: OPS },
    ops: (size: Size): number => size["times"] ?? 0,
    divisible: true,
  };
  return [
    timed({
      ...common,
      label: `names, look up among ${label}`,
      adapter: "namesLookUp",
      troupe: lookUp,
      plain: { who: "map", prepare: plainLookUp },
    }),
    timed({
      ...common,
      label: `names, spawn with a name, stop, among ${label}`,
      adapter: "namesFree",
      troupe: registerAndFree,
      plain: { who: "object in a map", prepare: plainRegisterAndFree },
    }),
  ];
}

export const names: Contest = {
  name: "names",
  what: "a name looked up; and one registered, with its actor's life, and free again",
  tasks: [...among("1 k", 1_000), ...among("100 k", 100_000)],
};
