import { expect, test } from "vitest";
import { Registry } from "../../src/names/registry.ts";

const bearers = () => [{ id: 1 }, { id: 2 }] as const;

test("a name has one bearer, and whoever comes second is told so", () => {
  const registry = new Registry<object>();
  const [first, second] = bearers();
  expect(registry.claim("db", first)).toBe(true);
  expect(registry.claim("db", second)).toBe(false);
  expect(registry.get("db")).toBe(first);
});

test("a name is free as soon as it is released", () => {
  const registry = new Registry<object>();
  const [first, second] = bearers();
  registry.claim("db", first);
  registry.release(first);
  expect(registry.get("db")).toBeUndefined();
  expect(registry.claim("db", second)).toBe(true);
});

test("releasing who bears no name, or whose claim failed, takes nobody's name", () => {
  const registry = new Registry<object>();
  const [first, second] = bearers();
  registry.claim("db", first);
  registry.claim("db", second);
  registry.release(second);
  expect(registry.get("db")).toBe(first);
});

test("names are listed in the order in which they were given", () => {
  const registry = new Registry<object>();
  const [first, second] = bearers();
  registry.claim("b", first);
  registry.claim("a", second);
  expect(registry.names()).toEqual(["b", "a"]);
  registry.release(first);
  expect(registry.names()).toEqual(["a"]);
});
