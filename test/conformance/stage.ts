import {
  actor,
  createSystem,
  withOptions,
  type Ref,
  type RefOf,
  type SpawnOptions,
  type System,
  type SystemEvent,
} from "troupe";
import { thread, threads } from "troupe/threads";
import { afterAll, beforeAll } from "vitest";
import { Subject, type Door, type Journal, type SubjectProps } from "./actors-subject.ts";
import "./actors.ts";
import { module } from "./bundle.ts";

/** Where the actors of a test run; spread it into the options of a spawn. */
export interface Stage {
  readonly where: string;
  readonly here: Pick<SpawnOptions, "on">;
}

const pool = threads({ size: 2, module });
export const own = thread({ module });

/** What holds for an actor where it is spawned has to hold for it everywhere. */
export const EVERYWHERE: readonly Stage[] = [
  { where: "where it is spawned", here: {} },
  { where: "on a pool", here: { on: pool } },
  { where: "on a thread of its own", here: { on: own } },
];
/** For what can be asked across threads alone. */
export const ELSEWHERE = EVERYWHERE.slice(1);

/** Two actors that have to be on two threads. */
export const onOne = { on: pool.by("one") };
export const onTwo = { on: pool.by("two") };

/** A system for the tests of a file or of a `describe`: its threads are started once. */
export function stageSystem(): { readonly system: System } {
  const staged: { system: System } = { system: undefined as unknown as System };
  beforeAll(() => void (staged.system = createSystem({ logger: false })));
  afterAll(() => staged.system.stop());
  return staged;
}

/** What actors write down, wherever they run, in the order in which it came. */
export interface Journaling {
  readonly journal: Ref<Journal>;
  readonly lines: unknown[];
  /** Resolves when so many lines, or the line, are there. */
  readonly until: (what: number | string) => Promise<readonly unknown[]>;
  /** Resolves with the lines when all that has come by now has been written. */
  readonly settled: () => Promise<readonly unknown[]>;
}

export function journal(system: System): Journaling {
  const lines: unknown[] = [];
  const runs = new Map<string, number>();
  const waiting = new Set<() => void>();
  const Journal = actor({
    name: "journal",
    cast: {
      note(_ctx, line: unknown): void {
        lines.push(line);
        for (const look of waiting) look();
      },
    },
    call: {
      run(_ctx, id: string): number {
        const run = (runs.get(id) ?? 0) + 1;
        runs.set(id, run);
        return run;
      },
    },
  });
  const isThere = (what: number | string): boolean =>
    typeof what === "number" ? lines.length >= what : lines.includes(what);
  const until = async (what: number | string): Promise<readonly unknown[]> => {
    const there = new Promise<void>((done) => {
      const look = (): void => {
        if (!isThere(what)) return;
        waiting.delete(look);
        done();
      };
      waiting.add(look);
      look();
    });
    await system.deadline(there, 5_000).catch(() => {
      throw new Error(`waited for ${what}; there was only ${JSON.stringify(lines)}`);
    });
    return lines;
  };
  const ref = system.spawn(Journal);
  const settled = async (): Promise<readonly unknown[]> => {
    await ref.run("settled");
    return lines;
  };
  return { journal: ref, lines, until, settled };
}

/** What holds an actor in the middle of a handler, wherever it runs, until a test lets it go on. */
export interface Doorway {
  readonly ref: Ref<Door>;
  /** Resolves when so many have come to it, 1 by default. */
  readonly reached: (count?: number) => Promise<void>;
  readonly open: () => void;
}

export function door(system: System): Doorway {
  const waiting: (() => void)[] = [];
  const looking = new Set<() => void>();
  let isOpen = false;
  let came = 0;
  const Door = actor({
    name: "door",
    cast: {
      // A message, so that it is opened behind what was asked of others before.
      open(): void {
        isOpen = true;
        for (const pass of waiting.splice(0)) pass();
      },
    },
    call: {
      pass(ctx) {
        came++;
        for (const look of looking) look();
        const reply = ctx.defer<void>();
        if (isOpen) reply.resolve();
        else waiting.push(() => reply.resolve());
        return reply;
      },
    },
  });
  const ref = system.spawn(Door);
  const reached = async (count = 1): Promise<void> => {
    const all = new Promise<void>((done) => {
      const look = (): void => {
        if (came < count) return;
        looking.delete(look);
        done();
      };
      looking.add(look);
      look();
    });
    await system.deadline(all, 5_000);
  };
  return { ref: withOptions(ref, { timeout: Infinity }), reached, open: () => ref.open() };
}

/** A subject, with its own journal and its own door. */
export function subject(
  system: System,
  options: SpawnOptions,
  props: Partial<SubjectProps> = {},
): Journaling & { readonly a: RefOf<typeof Subject>; readonly held: Doorway } {
  const book = journal(system);
  const held = door(system);
  const given = { id: "a", journal: book.journal, door: held.ref, ...props };
  return { ...book, held, a: system.spawn(Subject, given, options) };
}

type Event<T> = Extract<SystemEvent, { readonly type: T }>;

/** Resolves with the first event of a type that is as it is wanted. */
export async function eventOf<T extends SystemEvent["type"]>(
  system: System,
  type: T,
  isWanted: (event: Event<T>) => boolean = () => true,
): Promise<Event<T>> {
  let hear: (event: Event<T>) => void;
  const heard = new Promise<Event<T>>((done) => (hear = done));
  const off = system.on((event) => {
    if (event.type === type && isWanted(event)) hear(event);
  }, type);
  return system.deadline(heard, 5_000).finally(off);
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => {
      throw new Error(`it resolved, with ${String(value)}`);
    },
    (error: unknown) => error as Error,
  );
}
