import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { actor, BadInputError, implement, loop, type ActorDef } from "troupe";
import { behaviourOf } from "../../src/kernel/behaviour.ts";
import { checkMessage } from "../../src/kernel/schema.ts";

/** For what TypeScript refuses already: JavaScript does not. */
const define = actor as unknown as (definition: object) => ActorDef<unknown>;

/** A schema written by hand: it answers with what `validate` makes of the arguments. */
function byHand(validate: (args: unknown) => unknown): object {
  return { "~standard": { version: 1, vendor: "by hand", validate } };
}

/** Checks a `take` that has come in for a stock whose definition has this schema. */
function take(schema: object, ...args: readonly unknown[]): readonly unknown[] {
  const Stock = define({ name: "stock", call: { take() {} }, schemas: { take: schema } });
  return checkMessage(behaviourOf(Stock), "take", args);
}

/** The error that a `take` is refused with. */
function refusal(schema: object, ...args: readonly unknown[]): BadInputError {
  try {
    take(schema, ...args);
  } catch (error) {
    if (error instanceof BadInputError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

/** What zod says of a number that stands for a text in a list. */
function noText(index: number): string {
  return `argument 1 (${index}): Invalid input: expected string, received number`;
}

describe("a definition", () => {
  test("has no schemas when it is given none", () => {
    const Plain = actor({ cast: { go() {} } });
    expect(behaviourOf(Plain).schemas).toBeNull();
    expect(behaviourOf(loop<string>(async () => {})).schemas).toBeNull();
  });

  test("has those that it is given, also in a loop", () => {
    const go = z.tuple([]);
    const contract = implement<{ go(): void }>();
    const send = z.tuple([z.string()]);
    for (const Definition of [
      actor({ cast: { go() {} }, schemas: { go } }),
      contract({ cast: { go() {} }, schemas: { go } }),
      contract.loop({ go: "cast" }, async () => {}, { schemas: { go } }),
    ]) {
      expect([...behaviourOf(Definition).schemas!]).toEqual([["go", go]]);
    }
    const Greeter = loop<string>(async () => {}, { schemas: { send } });
    expect([...behaviourOf(Greeter).schemas!]).toEqual([["send", send]]);
  });

  test("keeps them as they were when it was made", () => {
    const schemas = { go: z.tuple([]) };
    const Definition = actor({ cast: { go() {} }, schemas });
    Object.assign(schemas, { go: undefined });
    expect(() => checkMessage(behaviourOf(Definition), "go", [1])).toThrow(BadInputError);
  });

  test.each<[string, object, string]>([
    ["is for no verb", { tak: z.tuple([]) }, "schemas.tak is for no verb; there are add, take"],
    [
      "is for what every object has",
      { toString: z.tuple([]) },
      "schemas.toString is for no verb; there are add, take",
    ],
    [
      "is none",
      { take: { parse() {} } },
      "schemas.take is an object of Object; it must be a Standard Schema, version 1",
    ],
    [
      "is missing, as what two modules import from each other may be",
      { take: undefined },
      "schemas.take is undefined; it must be a Standard Schema, version 1",
    ],
    ["is null", { take: null }, "schemas.take is null; it must be a Standard Schema, version 1"],
    [
      "is of another version",
      { take: { "~standard": { version: 2, vendor: "by hand", validate() {} } } },
      "schemas.take is an object of Object; it must be a Standard Schema, version 1",
    ],
    [
      "cannot validate",
      { take: { "~standard": { version: 1, vendor: "by hand" } } },
      "schemas.take is an object of Object; it must be a Standard Schema, version 1",
    ],
  ])("is refused when a schema %s", (_, schemas, message) => {
    const make = () => define({ name: "stock", cast: { add() {} }, call: { take() {} }, schemas });
    expect(make).toThrow(new BadInputError(`definition stock: ${message}`));
  });

  test("takes a schema that is a function, as arktype's are", () => {
    const schema = Object.assign(
      () => {},
      byHand(() => ({ value: ["nut"] })),
    );
    expect(take(schema, "bolt")).toEqual(["nut"]);
  });
});

describe("a message", () => {
  test.each([
    ["zod", z.tuple([z.string(), z.number()])],
    ["valibot", v.tuple([v.string(), v.number()])],
  ])("that %s accepts goes on", (_, schema) => {
    expect(take(schema, "bolt", 2)).toEqual(["bolt", 2]);
  });

  test("goes on as its schema made it", () => {
    const count = z.coerce.number().default(1);
    expect(take(z.tuple([z.string().trim(), count]), " bolt ", "2")).toEqual(["bolt", 2]);
  });

  test("of a verb without a schema stays as it is", () => {
    const Stock = define({
      cast: { add() {}, toString() {} },
      schemas: { add: z.tuple([]) },
    });
    const args = [1];
    expect(checkMessage(behaviourOf(Stock), "toString", args)).toBe(args);
    expect(checkMessage(behaviourOf(actor({})), "go", args)).toBe(args);
  });

  describe("is refused, and says", () => {
    test("by whom, for what, and which argument is wrong", () => {
      const error = refusal(z.tuple([z.string(), z.number()]), "bolt", "2");
      expect(error.message).toBe(
        "stock.take refused: argument 2: Invalid input: expected number, received string",
      );
    });

    test("what inside of an argument is wrong", () => {
      const inside = { item: { sku: "bolt", counts: [1, "2"] } };
      const zod = z.tuple([
        z.object({ item: z.object({ sku: z.string(), counts: z.array(z.number()) }) }),
      ]);
      expect(refusal(zod, inside).message).toBe(
        "stock.take refused: argument 1 (item.counts.1): Invalid input: expected number, received string",
      );
      // Whose path is made of objects with a key each.
      const valibot = v.tuple([
        v.object({ item: v.object({ sku: v.string(), counts: v.array(v.number()) }) }),
      ]);
      expect(refusal(valibot, inside).message).toBe(
        'stock.take refused: argument 1 (item.counts.1): Invalid type: Expected number but received "2"',
      );
    });

    test("that there are too many arguments", () => {
      expect(refusal(z.tuple([z.string()]), "bolt", 2).message).toMatch(
        /^stock\.take refused: Too big: /,
      );
    });

    test("the first few things that are wrong, and how many more there are", () => {
      const letters = z.tuple([z.array(z.string())]);
      expect(refusal(letters, [1, 2, 3]).message).toBe(
        `stock.take refused: ${noText(0)}; ${noText(1)}; ${noText(2)}`,
      );
      expect(refusal(letters, [1, 2, 3, 4, 5]).message).toBe(
        `stock.take refused: ${noText(0)}; ${noText(1)}; ${noText(2)}; and 2 more`,
      );
    });

    test("what is wrong where a path is none of a tuple", () => {
      const key = Symbol("key");
      const issues = [{ message: "no", path: ["sku", { key }] }, { message: "never" }];
      expect(refusal(byHand(() => ({ issues }))).message).toBe(
        "stock.take refused: sku.Symbol(key): no; never",
      );
    });
  });

  describe("is refused where its schema", () => {
    test("is asynchronous, and nobody hears of the promise again", async () => {
      const late = z.tuple([z.string().refine(async () => true)]);
      expect(refusal(late, "bolt").message).toBe(
        "stock.take refused: its schema answers with a promise; schemas must be synchronous",
      );
      // Were this not taken care of, the test runner would report an unhandled rejection.
      const failing = byHand(() => Promise.reject(new Error("late")));
      expect(refusal(failing).message).toMatch(/must be synchronous$/);
      await Promise.resolve();
    });

    test("makes no array of the arguments", () => {
      const schema = byHand(() => ({ value: new Map() }));
      expect(refusal(schema).message).toBe(
        "stock.take refused: its schema makes an object of Map of the arguments; it must make an array",
      );
    });

    test("throws", () => {
      const cause = new Error("boom");
      const error = refusal(
        byHand(() => {
          throw cause;
        }),
      );
      expect(error.message).toBe("stock.take refused: its schema failed: Error: boom");
      expect(error.cause).toBe(cause);
    });

    test("answers with nothing", () => {
      expect(refusal(byHand(() => undefined)).message).toMatch(
        /^stock\.take refused: its schema failed: TypeError: /,
      );
    });
  });
});
