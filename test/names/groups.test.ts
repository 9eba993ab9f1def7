import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Groups, type Group, type MembershipChange } from "../../src/names/groups.ts";

interface Member {
  readonly id: string;
}
const [ann, bob, cy] = ["ann", "bob", "cy"].map((id): Member => ({ id }));
const cooks: Group<unknown> = { scope: "kitchen", name: "cooks" };
const waiters: Group<unknown> = { scope: "kitchen", name: "waiters" };
const guests: Group<unknown> = { scope: "hall", name: "guests" };

const say = ({ kind, scope, name, member }: MembershipChange<Member>): string =>
  `${member.id} ${kind} ${scope}/${name}`;

test("members are listed in the order in which they joined, each once", () => {
  const groups = new Groups<Member>();
  for (const member of [bob!, ann!, bob!]) groups.join(cooks, member);
  expect(groups.members(cooks)).toEqual([bob, ann]);
});

test("who joined n times has to leave n times", () => {
  const groups = new Groups<Member>();
  for (let i = 0; i < 3; i++) groups.join(cooks, ann!);
  expect([groups.leave(cooks, ann!), groups.leave(cooks, ann!)]).toEqual([true, true]);
  expect(groups.members(cooks)).toEqual([ann]);
  expect(groups.leave(cooks, ann!)).toBe(true);
  expect(groups.members(cooks)).toEqual([]);
  expect(groups.leave(cooks, ann!)).toBe(false);
});

test("who begins again stays a member, and has to leave once however often it began", () => {
  const groups = new Groups<Member>();
  const changes: string[] = [];
  groups.watch({}, (change) => changes.push(say(change)));
  for (let i = 0; i < 3; i++) {
    groups.join(cooks, ann!);
    groups.recount(ann!);
    expect(groups.members(cooks)).toEqual([ann]);
  }
  groups.join(cooks, ann!);
  groups.leave(cooks, ann!);
  expect(changes).toEqual(["ann joined kitchen/cooks", "ann left kitchen/cooks"]);
});

test("who begins again and joins nothing can leave what it is still in", () => {
  const groups = new Groups<Member>();
  groups.join(cooks, ann!);
  groups.recount(ann!);
  expect(groups.leave(cooks, ann!)).toBe(true);
  expect(groups.members(cooks)).toEqual([]);
});

test("turns go round, whoever asks; who joins comes last, who leaves is left out", () => {
  const groups = new Groups<Member>();
  expect(groups.next(cooks)).toBeUndefined();
  groups.join(cooks, ann!);
  groups.join(cooks, bob!);
  expect([1, 2, 3].map(() => groups.next(cooks))).toEqual([ann, bob, ann]);
  groups.join(cooks, cy!);
  groups.leave(cooks, bob!);
  expect([1, 2, 3].map(() => groups.next(cooks))).toEqual([cy, ann, cy]);
  expect(groups.size(cooks)).toBe(2);
});

test("leaving all leaves every group, however often it joined", () => {
  const groups = new Groups<Member>();
  groups.join(cooks, ann!);
  groups.join(cooks, ann!);
  groups.join(guests, ann!);
  groups.join(guests, bob!);
  groups.leaveAll(ann!);
  expect([groups.members(cooks), groups.members(guests)]).toEqual([[], [bob]]);
});

test("an empty group is no group, and an empty scope no scope", () => {
  const groups = new Groups<Member>();
  groups.join(cooks, ann!);
  groups.join(waiters, bob!);
  expect([groups.scopes(), groups.names("kitchen")]).toEqual([["kitchen"], ["cooks", "waiters"]]);
  groups.leave(cooks, ann!);
  expect(groups.names("kitchen")).toEqual(["waiters"]);
  groups.leaveAll(bob!);
  expect([groups.scopes(), groups.names("kitchen")]).toEqual([[], []]);
});

describe("a watch", () => {
  test.each([
    ["one group", { scope: "kitchen", name: "cooks" }, ["ann joined kitchen/cooks"]],
    ["a scope", { scope: "kitchen" }, ["ann joined kitchen/cooks", "bob joined kitchen/waiters"]],
    [
      "the world",
      {},
      ["ann joined kitchen/cooks", "bob joined kitchen/waiters", "cy joined hall/guests"],
    ],
  ])("of %s hears of its changes, in order", (_what, filter, expected) => {
    const groups = new Groups<Member>();
    const changes: string[] = [];
    groups.watch(filter, (change) => changes.push(say(change)));
    groups.join(cooks, ann!);
    groups.join(waiters, bob!);
    groups.join(guests, cy!);
    expect(changes).toEqual(expected);
    expect(groups.matching(filter)).toHaveLength(expected.length);
  });

  test("hears of the first joining and the last leaving only", () => {
    const groups = new Groups<Member>();
    const changes: string[] = [];
    groups.watch(cooks, (change) => changes.push(say(change)));
    groups.join(cooks, ann!);
    groups.join(cooks, ann!);
    groups.leave(cooks, ann!);
    expect(changes).toEqual(["ann joined kitchen/cooks"]);
    groups.leave(cooks, ann!);
    expect(changes).toEqual(["ann joined kitchen/cooks", "ann left kitchen/cooks"]);
  });

  test("hears nothing after it has ended", () => {
    const groups = new Groups<Member>();
    const changes: string[] = [];
    const end = groups.watch({}, (change) => changes.push(say(change)));
    end();
    groups.join(cooks, ann!);
    expect(changes).toEqual([]);
  });
});

test("a member of several groups of a filter is matched once", () => {
  const groups = new Groups<Member>();
  groups.join(cooks, ann!);
  groups.join(waiters, ann!);
  expect(groups.matching({ scope: "kitchen" })).toEqual([ann]);
});

/** What a group is, said as plainly as can be: how often each has joined, in order of joining. */
type Model = Map<string, Map<Member, number>>;
const keyOf = ({ scope, name }: Group<unknown>): string => JSON.stringify([scope, name]);

test("any run of joining and leaving comes to what counting says, and watchers can tell who is in", () => {
  const members = [ann!, bob!, cy!];
  // Scopes and names that would be mistaken for each other if they were put in one string.
  const all: Group<unknown>[] = ["a", "a/b"].flatMap((scope) =>
    ["b", "b/c", "c"].map((name) => ({ scope, name })),
  );
  const step = fc.record({
    op: fc.constantFrom("join", "join", "leave", "leaveAll"),
    group: fc.constantFrom(...all),
    member: fc.constantFrom(...members),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const groups = new Groups<Member>();
      const model: Model = new Map(all.map((group) => [keyOf(group), new Map()]));
      const watched = new Map(all.map((group) => [keyOf(group), new Set<Member>()]));
      const wrong: string[] = [];
      groups.watch({}, (change) => {
        const seen = watched.get(keyOf(change))!;
        if (seen.has(change.member) !== (change.kind === "left")) wrong.push(say(change));
        if (change.kind === "joined") seen.add(change.member);
        else seen.delete(change.member);
      });
      for (const { op, group, member } of steps) {
        const times = model.get(keyOf(group))!;
        if (op === "join") {
          groups.join(group, member);
          times.set(member, (times.get(member) ?? 0) + 1);
        } else if (op === "leave") {
          const before = times.get(member) ?? 0;
          if (groups.leave(group, member) !== before > 0) wrong.push("leave");
          if (before > 1) times.set(member, before - 1);
          else times.delete(member);
        } else {
          groups.leaveAll(member);
          for (const counts of model.values()) counts.delete(member);
        }
        expect(wrong).toEqual([]);
        for (const each of all) {
          expect(groups.members(each)).toEqual([...model.get(keyOf(each))!.keys()]);
          expect([...watched.get(keyOf(each))!]).toEqual(groups.members(each));
        }
      }
    }),
  );
});
