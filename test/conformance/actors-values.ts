import {
  actor,
  address,
  BadInputError,
  implement,
  mailboxSize,
  recipient,
  sameActor,
  withOptions,
  type ActorDef,
  type AnyRef,
  type Ref,
  type StandardSchema,
} from "troupe";
import { transfer } from "troupe/threads";
import type { Echo } from "./actors-calls.ts";

/** A class that is registered nowhere. */
export class Point {
  readonly x: number;

  constructor(x: number) {
    this.x = x;
  }
}
export class Foreign extends Error {
  override readonly name = "Foreign";
}

/** What can be seen of a value where it has arrived. */
export interface Sight {
  readonly type: string;
  readonly keys: readonly string[];
}

interface Holder {
  readonly refs: Map<string, AnyRef>;
}

/** Looks at what it is sent, and sends it back. */
export const Store = actor({
  name: "store",
  init: (_ctx, _props: object): { kept: unknown } => ({ kept: undefined }),
  cast: {
    keep(ctx, value: unknown): void {
      ctx.state.kept = value;
    },
    sendTo: (_ctx, to: Ref<{ keep(value: unknown): void }>, value: unknown): void => to.keep(value),
  },
  call: {
    echo: (_ctx, value: unknown) => value,
    kept: (ctx) => ctx.state.kept,
    props: (ctx) => ctx.props,
    isKept: (ctx, value: unknown) => ctx.state.kept === value,
    areSame: (_ctx, a: AnyRef, b: AnyRef) => a === b && sameActor(a, b),
    isSelf: (ctx, ref: AnyRef) => ref === (ctx.self as AnyRef),
    self: (ctx): unknown => ctx.self,
    address: (_ctx, ref: AnyRef) => address(ref),
    size: (_ctx, ref: AnyRef) => mailboxSize(ref),
    /** The map's own keys are refs: each is asked. */
    askAll: async (_ctx, refs: Map<Ref<Echo>, string>) => {
      const answers = Array.from(refs, ([ref, what]) => ref.echo(what));
      return Promise.all(answers);
    },
    look: (_ctx, value: object): Sight => ({
      type: (Object.getPrototypeOf(value) as object).constructor.name,
      keys: Object.keys(value),
    }),
    looksAtErrors: (_ctx, error: Error) => {
      const { cause } = error as { cause?: unknown };
      return [error instanceof BadInputError, error.name, error.message, String(cause)];
    },
    verbsOf: (_ctx, ref: AnyRef) => {
      const verbs: string[] = [];
      for (const key of ["echo", "note", "slow"]) {
        if (typeof (ref as unknown as Record<string, unknown>)[key] === "function") verbs.push(key);
      }
      return verbs;
    },
    sendThrough: (_ctx, to: { send(what: string): unknown }, what: string) => to.send(what),
    askThrough: async (_ctx, to: Ref<{ slow(what: string): Promise<string> }>) =>
      to.slow("x").then(String, (error: Error) => error.name),
    round: (_ctx, holder: Holder) => {
      holder.refs.set("again", [...holder.refs.values()][0]!);
      return holder;
    },
    function: (): unknown => ({ deep: [1, { why: () => 1 }] }),
    failsWithFunction(): never {
      throw Object.assign(new Error("odd"), { fn: () => 1, deep: { ok: true } });
    },
    fails(_ctx, error: Error): never {
      throw error;
    },
    double: (_ctx, numbers: Float64Array) => {
      for (const [i, n] of numbers.entries()) numbers[i] = n * 2;
      return transfer(numbers);
    },
    view: (ctx): unknown => withOptions(ctx.self as Ref<Echo>, { timeout: 5 }),
    recipient: (ctx): unknown => recipient(ctx.self as Ref<Echo>, "echo"),
  },
});

export interface Checked {
  put(sku: string, count: number): void;
  take(sku: string, count: number): Promise<string>;
  any(value: unknown): Promise<unknown>;
}

/** As a library would make it, of `[string, number]`. */
const skuAndCount: StandardSchema<[string, number]> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate(value) {
      const [sku, count] = value as readonly unknown[];
      if (typeof sku !== "string") return { issues: [{ message: "expected text", path: [0] }] };
      if (typeof count === "number" && count > 0) return { value: [sku.trim(), count] };
      return { issues: [{ message: "expected a positive number", path: [1] }] };
    },
  },
};

/** Has what it is sent checked. */
export const Checked: ActorDef<Checked> = implement<Checked>()({
  name: "checked",
  schemas: { put: skuAndCount, take: skuAndCount },
  init: () => [] as string[],
  cast: {
    put: (ctx, sku, count) => void ctx.state.push(`${sku}: ${count}`),
  },
  call: {
    take: (_ctx, sku, count) => `${count} of ${sku}`,
    any: (ctx) => [...ctx.state],
  },
});
