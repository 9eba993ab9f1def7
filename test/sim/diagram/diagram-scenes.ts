import type { Step } from "../../../src/sim/diagram/diagram.ts";

type Message = Extract<Step, { readonly kind: "message" }>;

let turn = 0;

/** A message that was handled; a call, where it says how it went. */
export function message(
  atMs: number,
  from: string | null,
  to: string,
  verb: string,
  args: readonly unknown[] = [],
  outcome?: Message["outcome"],
  remark?: string,
): Step {
  return {
    kind: "message",
    atMs,
    turn: turn++,
    from,
    to,
    verb,
    args,
    call: outcome !== undefined,
    ...(outcome !== undefined && { outcome }),
    ...(remark !== undefined && { note: remark }),
  };
}

export function note(atMs: number, who: string, text: string): Step {
  return { kind: "note", atMs, who, text };
}

export function world(atMs: number, text: string): Step {
  return { kind: "world", atMs, text };
}

export function reply(atMs: number, from: string, to: string, verb: string): Step {
  return { kind: "reply", atMs, from, to, verb };
}

/** A transfer whose second half is lost when an account crashes. */
export const TRANSFER: readonly Step[] = [
  message(1_203, "client 1", "bank", "transfer", ["a", "b", 5], "waits"),
  message(1_203, "bank", "account a", "take", [5], "replied"),
  message(1_203.5, "bank", "account b", "put", [{ amount: 5, from: "a" }], "failed"),
  note(1_203.5, "account b", "crash injected"),
  note(1_203.5, "account b", "failed: Error: disk full"),
  note(1_213.5, "account b", "started again (1)"),
  message(1_213.5, "client 2", "bank", "transfer", ["b", "a", 1_000], "refused", "NoMoneyError"),
  reply(1_240, "bank", "client 1", "transfer"),
  world(1_240, "invariant moneyIsConserved does not hold: 95 of 100"),
];

const NODES = Array.from({ length: 8 }, (_, at) => `node-${at + 1}`);

/** Each of eight tells the next two. */
export const GOSSIP: readonly Step[] = [
  note(0, "node-1", "started"),
  ...NODES.flatMap((node, at) => [
    message(at * 5, node, NODES[(at + 1) % 8]!, "gossip", [{ round: 1, seen: [at] }]),
    message(at * 5, node, NODES[(at + 2) % 8]!, "gossip", [{ round: 1, seen: [at] }]),
  ]),
  world(5_040, "clock jumps 5,000 ms"),
  message(5_040, "node-8", "node-1", "join", []),
];

/** Timers that two actors set themselves. */
export const TICKS: readonly Step[] = [
  message(0, null, "clock", "start", [100]),
  note(0, "display", "started"),
  message(100, "clock", "clock", "tick", []),
  message(100, "clock", "display", "show", [1]),
  message(200, "clock", "clock", "tick", []),
  message(200, "clock", "display", "show", [2]),
  message(250, "display", "display", "blink", [{ on: true }], "failed", "RangeError: no such row"),
  note(250, "display", "ended: failed: RangeError: no such row"),
  message(300, "clock", "clock", "tick", []),
  note(300, "display", "never got show (ended)"),
];

/** Names and arguments that are too long for any line. */
export const LONG: readonly Step[] = [
  message(
    12_345_678,
    "client 1",
    "shop/warehouse/shelf-000017",
    "reserveAllArticlesOfAnOrder",
    [
      {
        id: "9b2e6c1e-5f0c-4c39-9f0d-0d1c2b3a4f5e",
        lines: [{ article: "apple" }],
        customer: { name: "Ada" },
      },
      "x".repeat(10_000),
    ],
    "waits",
  ),
  message(12_345_678, "shop/warehouse/shelf-000017", "shop/warehouse/shelf-000018", "lend", [
    new Map([["apple", 3]]),
  ]),
  message(
    12_345_679,
    "shop/warehouse/shelf-000018",
    "journal",
    "append",
    [new Uint8Array(512)],
    "failed",
    "DiskError: the disk is full, and nothing can be written to it until somebody makes room",
  ),
  note(12_345_679, "journal", `failed: Error: ${"no room ".repeat(30)}`),
  message(12_345_680, "journal", "client 1", "小明さんへ 🎉", [
    "こんにちは世界",
    "e\u0301te\u0301",
  ]),
];

/** Twenty who speak once, and two who speak often. */
export const CROWD: readonly Step[] = [
  ...Array.from({ length: 20 }, (_, at) => message(at, `worker ${at}`, "hub", "report", [at])),
  message(30, "hub", "worker 3", "go", []),
  message(30, "worker 3", "worker 4", "pass", ["baton"]),
  message(30, "worker 4", "worker 4", "run", []),
  note(31, "worker 7", "ended: normal"),
  ...Array.from({ length: 3 }, (_, at) => message(40, "hub", "log", "write", [at])),
];
