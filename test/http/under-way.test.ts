import { expect, test } from "vitest";
import { UnderWay, type Link } from "../../src/http/under-way.ts";

class One implements Link<One> {
  before: One | null = null;
  after: One | null = null;
}

test("whichever goes, the others stay", () => {
  for (let gone = 0; gone < 3; gone++) {
    const list = new UnderWay<One>();
    const ones = [new One(), new One(), new One()];
    for (const one of ones) list.add(one);
    const [leaving] = ones.splice(gone, 1);
    list.delete(leaving!);
    expect(list.size).toBe(2);
    expect(new Set(list.list())).toEqual(new Set(ones));
    expect(leaving).toEqual(new One());
    for (const one of ones) list.delete(one);
    expect([list.size, list.list()]).toEqual([0, []]);
  }
});
