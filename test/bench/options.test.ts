import { expect, test } from "vitest";
import { help, parseOptions, UsageError, type Options } from "../../bench/options.ts";
import { workloadNames } from "../../bench/workloads/all.ts";

const parse = (...args: string[]): Options => parseOptions(args, workloadNames);

test("without arguments, all workloads are measured without peers", () => {
  expect(parse()).toEqual({
    help: false,
    peers: false,
    smoke: false,
    write: false,
    json: undefined,
    from: undefined,
    only: workloadNames,
  });
});

test("--only picks workloads, in the order of the table", () => {
  expect(parse("--only", "ring,cast").only).toEqual(["cast", "ring"]);
  expect(parse("--only=ring").only).toEqual(["ring"]);
  expect(parse("--only", "ring, cast").only).toEqual(["cast", "ring"]);
});

test("a workload that there is not is named, with those that there are", () => {
  expect(() => parse("--only", "cast,casts")).toThrow(UsageError);
  expect(() => parse("--only", "cast,casts")).toThrow(
    /^there is no workload casts; there are cast, cast-async, ping-pong/,
  );
});

test.each([["--peer"], ["cast"], ["-p"]])("%s is no option, and the message names them", (arg) => {
  expect(() => parse(arg)).toThrow(UsageError);
  expect(() => parse(arg)).toThrow(
    `there is no ${arg}; there are --only, --peers, --json, --write, --from, --smoke, --help`,
  );
});

test.each([
  [["--only"], "--only needs a value: --only cast"],
  [["--json"], "--json needs a value: --json file.json"],
  [["--json", "--peers"], "--json needs a value: --json file.json"],
  [["--only", ""], "--only needs a value: --only cast"],
  [["--peers=nact"], "--peers takes no value, and got nact"],
])("%j is refused: %s", (args, message) => {
  expect(() => parse(...args)).toThrow(new UsageError(message));
});

test("the documents are written from a whole table only", () => {
  expect(parse("--write", "--peers").write).toBe(true);
  expect(parse("--write", "--from", "a.json")).toMatchObject({ write: true, from: "a.json" });
  const whole = "--write is for the whole table: with --peers, and without --only";
  expect(() => parse("--write")).toThrow(new UsageError(whole));
  expect(() => parse("--write", "--peers", "--only", "cast")).toThrow(new UsageError(whole));
  expect(() => parse("--write", "--peers", "--smoke")).toThrow(
    new UsageError("--smoke has no figures to --write"),
  );
});

test.each([[["--peers"]], [["--smoke"]], [["--only", "cast"]]])(
  "figures from a file are not measured again: no --from with %j",
  (args) => {
    expect(() => parse("--from", "a.json", ...args)).toThrow(
      new UsageError("--from measures nothing: it goes with --write only"),
    );
  },
);

test("the help names every option and every workload", () => {
  const text = help(workloadNames);
  for (const name of workloadNames) expect(text).toContain(name);
  for (const name of ["only", "peers", "json", "write", "from", "smoke", "help"]) {
    expect(text).toContain(`--${name}`);
  }
});
