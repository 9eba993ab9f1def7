import { actor } from "troupe";
import { register } from "troupe/threads";

/** Keeps what it is sent. */
export const Sink = actor({
  name: "sink",
  init: () => ({ got: [] as unknown[] }),
  cast: {
    put(ctx, ...things: unknown[]) {
      ctx.state.got.push(...things);
    },
    forget(ctx) {
      ctx.state.got = [];
    },
    fail() {
      throw new Error("told to fail");
    },
    throwWhatever(_ctx, name: keyof typeof ODD) {
      throw ODD[name]();
    },
  },
  call: {
    all: (ctx) => ctx.state.got,
    size: (ctx) => ctx.state.got.length,
    echo: (_ctx, value: unknown) => value,
  },
});

/** Something that only has to be there. */
export const Tiny = actor({ name: "tiny", cast: { put(_ctx, _thing: unknown): void {} } });

/** What is thrown, and cannot be sent, or makes trouble where it is read. */
export const ODD = {
  "a function": () => () => 1,
  "an object that holds a function": () => ({ why: () => 1 }),
  "an object that holds a proxy": () => ({ data: proxy() }),
  "a symbol": () => Symbol("why"),
  "an error that holds a proxy": () => Object.assign(new Error("odd"), { data: proxy() }),
  "an error that holds a buffer that was moved": () =>
    Object.assign(new Error("odd"), { bytes: movedAway() }),
  "an error that is named toString": () => named("toString"),
  "an error that is named constructor": () => named("constructor"),
  "an error that is named __proto__": () => named("__proto__"),
};

export const ODDITIES = Object.keys(ODD) as (keyof typeof ODD)[];

function named(name: string): Error {
  return Object.assign(new Error("odd"), { name });
}

/** Looks like any object, and no host can clone it. */
export function proxy(): object {
  return new Proxy({ a: 1 }, {});
}

/** A view of a buffer that is elsewhere: it cannot be sent again. */
export function movedAway(): Uint8Array {
  const bytes = new Uint8Array(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

register({ Sink, Tiny });
