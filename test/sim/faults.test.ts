import { describe, expect, test } from "vitest";
import { actor } from "troupe";
import { matcher, messageRules, type Who } from "../../src/sim/faults.ts";

const Account = actor({ name: "account", init: () => 0 });

describe("whom a fault may hit", () => {
  const cases: readonly (readonly [Who | undefined, string, string, boolean])[] = [
    [undefined, "anybody", "any", true],
    ["account#3", "account#3", "account", true],
    ["account#3", "account#4", "account", false],
    ["account", "account#3", "account", true],
    ["rich", "rich", "account", true],
    [Account, "rich", "account", true],
    [Account, "bank", "bank", false],
    [["bank", Account], "bank", "bank", true],
    [["bank", Account], "clients", "clients", false],
    [(label: string) => label.endsWith("3"), "account#3", "account", true],
    [(label: string) => label.endsWith("3"), "account#4", "account", false],
  ];
  test.each(cases)("%s: %s of kind %s: %s", (who, label, kind, hit) => {
    expect(matcher(who)(label, kind)).toBe(hit);
  });
});

test("rules for messages may be none, one or many", () => {
  expect(messageRules({})).toEqual([]);
  expect(messageRules({ messages: { loss: 1 } })).toEqual([{ loss: 1 }]);
  expect(messageRules({ messages: [{ loss: 1 }, {}] })).toEqual([{ loss: 1 }, {}]);
});
