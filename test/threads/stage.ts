import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  actor,
  createSystem,
  withOptions,
  type Ref,
  type System,
  type SystemEvent,
  type SystemOptions,
} from "troupe";
import { threads, type Threads, type ThreadsOptions } from "troupe/threads";
import { bundleForThreads } from "../support/bundle-for-threads.ts";
import type { Signs } from "./actors.ts";

export const module = bundleForThreads(new URL("./actors.ts", import.meta.url));

/** A module of that text, which threads can load. */
export function moduleOf(text: string): URL {
  const folder = mkdtempSync(join(tmpdir(), "troupe-threads-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "module.mjs");
  writeFileSync(file, text);
  return pathToFileURL(file);
}

/** Two threads, and nothing that ends them but what a test does. */
export function twoThreads(more: Partial<ThreadsOptions> = {}): Threads {
  return threads({ size: 2, module, watchdog: false, ...more });
}

export function quietSystem(more: SystemOptions = {}): System {
  return createSystem({ logger: false, callTimeout: Infinity, ...more });
}

/** What actors tell a test wherever they run, and how it holds them. */
export interface SignsHere {
  readonly signs: Ref<Signs>;
  readonly seen: string[];
  /** Resolves when that sign has come so often. */
  until(what: string, times?: number): Promise<void>;
  /** Lets all pass that wait, or will. */
  open(): void;
}

export function signsIn(system: System): SignsHere {
  const seen: string[] = [];
  const held: (() => void)[] = [];
  const looks = new Set<() => void>();
  let isOpen = false;
  const note = (what: string): void => {
    seen.push(what);
    for (const look of looks) look();
  };
  const Here = actor({
    name: "signs",
    cast: { sign: (_ctx, what: string): void => note(what) },
    call: {
      pass(ctx, what: string) {
        const reply = ctx.defer<string>();
        if (isOpen) reply.resolve(what);
        else held.push(() => reply.resolve(what));
        note(what);
        return reply;
      },
    },
  });
  const until = async (what: string, times = 1): Promise<void> => {
    const came = new Promise<void>((done) => {
      const look = (): void => {
        if (seen.filter((each) => each === what).length < times) return;
        looks.delete(look);
        done();
      };
      looks.add(look);
      look();
    });
    await system.deadline(came, 8_000).catch(() => {
      throw new Error(`waited for ${what}, ${times}; there was ${seen.join(", ") || "nothing"}`);
    });
  };
  const open = (): void => {
    isOpen = true;
    for (const pass of held.splice(0)) pass();
  };
  return { signs: withOptions(system.spawn(Here), { timeout: Infinity }), seen, until, open };
}

type Event<T> = Extract<SystemEvent, { readonly type: T }>;

/** Resolves with the next event of a type, or the next that is as it is wanted. */
export async function nextEvent<T extends SystemEvent["type"]>(
  system: System,
  type: T,
  isWanted: (event: Event<T>) => boolean = () => true,
): Promise<Event<T>> {
  const heardEnough = new AbortController();
  const heard = new Promise<Event<T>>((done) => {
    const off = system.on((event) => {
      if (event.type === type && isWanted(event)) done(event);
    }, type);
    heardEnough.signal.addEventListener("abort", off);
  });
  return system.deadline(heard, 8_000).finally(() => heardEnough.abort());
}

/** What a promise rejects with. */
export function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => {
      throw new Error(`it resolved, with ${String(value)}`);
    },
    (error: unknown) => error as Error,
  );
}
