import { expect, test } from "vitest";
import { actor, BadInputError, machine, mermaid } from "troupe";

interface Door {
  open(): void;
  shut(): Promise<void>;
}

test("a machine is drawn from its definition: where it begins, goes to, and ends", () => {
  const Drawn = machine<Door, { shut: undefined; open: undefined }, { worn(): void }>()({
    events: { open: "cast", shut: "call", worn: "internal" },
    initial: ["shut", "open"],
    init: () => ["shut"],
    states: {
      shut: {
        on: { open: { to: "open", do: (ctx) => ctx.goto("open") }, shut() {}, worn: "postpone" },
        idle: { ms: () => 1, to: "[*]", do: (ctx) => ctx.stop() },
      },
      open: {
        on: {
          shut: { to: ["shut", "open"], do: (ctx) => ctx.goto("shut") },
          worn: { to: "[*]", do: (ctx) => ctx.stop() },
        },
        after: { ms: 5_000, to: "shut", do: (ctx) => ctx.goto("shut") },
        otherwise: "ignore",
      },
    },
  });
  expect(mermaid(Drawn)).toBe(`stateDiagram-v2
  shut
  open
  [*] --> shut
  [*] --> open
  shut --> open : open
  shut --> [*] : idle
  open --> shut : shut
  open --> open : shut
  open --> [*] : worn
  open --> shut : after 5000 ms`);
});

test("what Mermaid could take for something else is written so that it cannot", () => {
  const States = ["end", "half open", 'a "b"; c --> d : e', "state", "s1", "größe", "s2", "#1"];
  const events = { "go: #1; \n<b>": "cast", größe: "cast" };
  const define = machine<object, object>() as unknown as (definition: object) => never;
  const Odd = define({
    events,
    initial: "end",
    init: () => ["end"],
    states: Object.fromEntries(
      States.map((state) => [
        state,
        {
          on: Object.fromEntries(
            Object.keys(events).map((event) => [event, { to: "half open", do() {} }]),
          ),
        },
      ]),
    ),
  });
  expect(mermaid(Odd).split("\n").slice(0, 12)).toEqual([
    "stateDiagram-v2",
    '  state "end" as s1_',
    '  state "half open" as s2_',
    '  state "a #34;b#34;#59; c --#62; d #58; e" as s3',
    '  state "state" as s4',
    "  s1",
    '  state "größe" as s6',
    "  s2",
    '  state "#35;1" as s8',
    "  [*] --> s1_",
    "  s1_ --> s2_ : go#58; #35;1#59; #10;#60;b#62;",
    "  s1_ --> s2_ : größe",
  ]);
});

test("what is no machine is refused", () => {
  expect(() => mermaid(actor({}))).toThrow(BadInputError);
});
