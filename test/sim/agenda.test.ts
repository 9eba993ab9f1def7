import fc from "fast-check";
import { expect, test } from "vitest";
import { WheelEntry } from "../../src/kernel/wheel.ts";
import { Agenda } from "../../src/sim/agenda.ts";

class Entry extends WheelEntry {
  readonly id: number;

  constructor(id: number) {
    super();
    this.id = id;
  }

  override expire(): void {}
}

/** What an agenda is: an array that is sorted whenever something is added. */
class SortedArray {
  entries: Entry[] = [];

  add(entry: Entry): void {
    this.entries.push(entry);
    this.entries.sort((a, b) => a.due - b.due || a.order - b.order);
  }
}

function shiftBoth(agenda: Agenda, model: SortedArray): boolean {
  return model.entries.length === 0 || agenda.shift() === model.entries.shift();
}

test("an agenda is a list sorted by time, and by the order of adding within one time", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 9 }) }) },
    fc.constant("shift" as const),
    fc.record({ remove: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const agenda = new Agenda();
      const model = new SortedArray();
      const removed: boolean[][] = [];
      const shifted: boolean[] = [];
      let made = 0;
      for (const each of steps) {
        if (each === "shift") {
          shifted.push(shiftBoth(agenda, model));
        } else if ("add" in each) {
          const entry = new Entry(made);
          entry.due = each.add;
          entry.order = made++;
          agenda.add(entry);
          model.add(entry);
        } else if (model.entries.length > 0) {
          const [gone] = model.entries.splice(each.remove % model.entries.length, 1);
          removed.push([agenda.remove(gone!), agenda.remove(gone!)]);
        }
        expect(agenda.size).toBe(model.entries.length);
        expect(agenda.nextDue).toBe(model.entries[0]?.due ?? Infinity);
        expect(agenda.next).toBe(model.entries[0]);
      }
      expect(shifted).not.toContain(false);
      expect(removed).toEqual(removed.map(() => [true, false]));
    }),
  );
});

test("what is in another agenda is not taken out of this one", () => {
  const [mine, other] = [new Agenda(), new Agenda()];
  const [here, there] = [new Entry(1), new Entry(2)];
  mine.add(here);
  other.add(there);
  expect(mine.remove(there)).toBe(false);
  expect([mine.size, other.size]).toEqual([1, 1]);
});

test("what was taken out can be added again", () => {
  const agenda = new Agenda();
  const entry = new Entry(1);
  agenda.add(entry);
  agenda.shift();
  expect(agenda.remove(entry)).toBe(false);
  entry.due = 7;
  agenda.add(entry);
  expect(agenda.nextDue).toBe(7);
});
