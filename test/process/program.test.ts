import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exited, kill, restart, started, stop, supervisor } from "troupe";
import { program, ProgramError, type ProgramSpec } from "troupe/process";
import { createTestSystem } from "troupe/testing";
import { eventually, folder } from "../fs/folder.ts";

function sh(script: string, spec: Partial<ProgramSpec> = {}) {
  return program({ command: "sh", args: ["-c", script], ...spec });
}

test("a program that ends with code 0 ends its actor normally, and what it said is in the log", async () => {
  await using kit = createTestSystem();
  const ref = kit.system.spawn(sh("echo out; echo err >&2"));
  expect(await exited(ref)).toEqual({ kind: "normal" });
  expect(kit.log).toHaveLength(2);
  expect(kit.log).toContainEqual(expect.objectContaining({ level: "info", message: "out" }));
  expect(kit.log).toContainEqual(expect.objectContaining({ level: "warn", message: "err" }));
});

test("any other code fails it with what the program said last", async () => {
  await using kit = createTestSystem();
  const ref = kit.system.spawn(sh("echo first >&2; echo no such table >&2; exit 3"));
  const reason = await exited(ref);
  const error = reason.kind === "failed" ? reason.error : undefined;
  expect(error).toBeInstanceOf(ProgramError);
  expect(error).toMatchObject({
    message:
      "sh -c echo first >&2; echo no such table >&2; exit 3 exited with code 3; it said: no such table",
    exitCode: 3,
    signal: null,
    stderr: ["first", "no such table"],
  });
});

test("a signal fails it, and codes that are said to be well do not", async () => {
  await using kit = createTestSystem();
  const reason = await exited(kit.system.spawn(sh("kill -SEGV $$")));
  expect(reason).toMatchObject({ kind: "failed", error: { signal: "SIGSEGV", exitCode: null } });
  expect(await exited(kit.system.spawn(sh("exit 3", { okCodes: [0, 3] })))).toEqual({
    kind: "normal",
  });
});

test("a supervisor starts it again, with its backoff, until it gives up", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const App = supervisor({
    intensity: { max: 2, within: 60_000 },
    children: {
      job: {
        actor: sh(`echo x >> ${dir.at("runs")}; exit 1`),
        restart: "permanent",
        backoff: { kind: "fixed", delay: 100 },
      },
    },
  });
  const app = kit.system.spawn(App);
  const end = exited(app);
  let isOver = false;
  void end.then(() => (isOver = true));
  await eventually(async () => {
    await kit.advance(50);
    return isOver;
  });
  expect(await end).toMatchObject({
    kind: "shutdown",
    detail: { code: "TROUPE_RESTART_INTENSITY", cause: { code: "TROUPE_PROGRAM" } },
  });
  expect(readFileSync(dir.at("runs"), "utf8")).toBe("x\nx\nx\n");
});

test("stopping the actor ends the program first, and hears it out", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const script = `trap 'sleep 0.05; echo bye >> ${dir.at("log")}; echo last words; exit 0' TERM; echo up; while :; do sleep 0.01; done`;
  const ref = kit.system.spawn(sh(script, { ready: (line) => line === "up" }));
  await started(ref);
  await stop(ref);
  expect(readFileSync(dir.at("log"), "utf8")).toBe("bye\n");
  expect(await exited(ref)).toEqual({ kind: "normal" });
  expect(kit.log.map(({ message }) => message)).toEqual(["up", "last words"]);
});

test("killing the actor kills the program, which is gone before the next one is run", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const script = `mkdir ${dir.at("lock")} 2>&1; trap '' TERM; echo up; exec sleep 100`;
  const lines: string[] = [];
  const Locked = program({
    command: "sh",
    args: ["-c", script],
    killAfterMs: 50,
    output: (line) => void lines.push(line.replace(/^mkdir: .*/, "locked")),
    ready: (line) => line === "up",
  });
  const ref = kit.system.spawn(Locked, undefined, { restart: "permanent" });
  await started(ref);
  const first = await ref.pid();
  await kill(ref);
  await eventually(() => lines.length === 3);
  expect(lines).toEqual(["up", "locked", "up"]);
  expect(await ref.pid()).not.toBe(first);
  expect(() => process.kill(first, 0)).toThrow("ESRCH");
  await stop(ref);
});

test("a restart by hand ends it and starts it", async () => {
  await using kit = createTestSystem();
  const ref = kit.system.spawn(sh("exec sleep 100"), undefined, { restart: "permanent" });
  const first = await ref.pid();
  await restart(ref);
  expect(await ref.pid()).not.toBe(first);
  expect(() => process.kill(first, 0)).toThrow("ESRCH");
  await stop(ref);
});

const ready = (line: string): boolean => line.includes("listening");

test("it has started when it says that it is ready; one that ends before has not", async () => {
  await using kit = createTestSystem();
  const slow = kit.system.spawn(sh("sleep 0.05; echo listening >&2; exec sleep 100", { ready }));
  let isStarted = false;
  void started(slow).then(() => (isStarted = true));
  await kit.run();
  expect(isStarted).toBe(false);
  await eventually(() => isStarted);
  await stop(slow);
  const never = kit.system.spawn(sh("echo port in use >&2; exit 1", { ready }));
  await expect(started(never)).rejects.toThrow(
    "exited with code 1 before it was ready; it said: port in use",
  );
});

test("one that is never ready is killed when the time for init is up", async () => {
  await using kit = createTestSystem();
  let pid = 0;
  const Never = program({
    command: "sh",
    args: ["-c", "echo $$; exec sleep 100"],
    output: (line) => void (pid = Number(line)),
    ready: () => false,
  });
  const ref = kit.system.spawn(Never, undefined, { initTimeout: 1_000 });
  await eventually(() => pid > 0);
  void kit.advance(1_000);
  expect(await exited(ref)).toMatchObject({ kind: "failed", error: { code: "TROUPE_TIMEOUT" } });
  await eventually(() => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
});

test("a command that is not there fails the start", async () => {
  await using kit = createTestSystem();
  const ref = kit.system.spawn(program({ command: "no-such-program" }));
  await expect(started(ref)).rejects.toThrow("could not be started");
});

test("a listener holds the program up, and its error is the actor's", async () => {
  await using kit = createTestSystem();
  let lines = 0;
  let goOn: (() => void) | undefined;
  const Held = program({
    command: "sh",
    args: ["-c", "seq 1 200000; exec sleep 100"],
    output: (line) => {
      lines++;
      if (line === "3") return new Promise<void>((resolve) => (goOn = resolve));
      if (line === "100000") throw new Error("heard enough");
      return undefined;
    },
  });
  const ref = kit.system.spawn(Held);
  await eventually(() => goOn !== undefined);
  await kit.run();
  expect(lines).toBe(3);
  goOn?.();
  expect(await exited(ref)).toMatchObject({ kind: "failed", error: { message: "heard enough" } });
  expect(lines).toBe(100_000);
});

test("an output that stays open in another program does not hold up the actor's end", async () => {
  await using kit = createTestSystem();
  let pid = 0;
  const Leaver = program({
    command: "sh",
    args: ["-c", "sleep 100 & echo $!; exit 0"],
    output: (line) => void (pid = Number(line)),
  });
  expect(await exited(kit.system.spawn(Leaver))).toEqual({ kind: "normal" });
  process.kill(pid, "SIGKILL");
});

test("a listener that never answers holds up no end for ever", async () => {
  await using kit = createTestSystem();
  const Stuck = program({
    command: "sh",
    args: ["-c", "echo up; exec sleep 100"],
    killAfterMs: 100,
    output: () => new Promise<void>(() => {}),
    ready: (line) => line === "up",
  });
  const ref = kit.system.spawn(Stuck);
  await started(ref);
  await stop(ref);
  expect(await exited(ref)).toEqual({ kind: "normal" });
  expect(kit.log.map(({ message }) => message)).toEqual([
    "what a program had said was not heard to its end",
  ]);
});

test("a slow listener hears all that a program said, however long that takes", async () => {
  await using kit = createTestSystem();
  const lines: string[] = [];
  const Chatty = program({
    command: "seq",
    args: ["1", "800"],
    output: async (line) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      lines.push(line);
    },
  });
  expect(await exited(kit.system.spawn(Chatty))).toEqual({ kind: "normal" });
  expect(lines).toEqual(Array.from({ length: 800 }, (_, i) => `${i + 1}`));
});

test("one that is stopped before it is ready is killed, and gone before its actor is", async () => {
  await using kit = createTestSystem();
  let pid = 0;
  const Never = program({
    command: "sh",
    args: ["-c", "trap '' TERM; echo $$; while :; do sleep 0.01; done"],
    output: (line) => void (pid = Number(line)),
    ready: () => false,
  });
  const ref = kit.system.spawn(Never);
  await eventually(() => pid > 0);
  await stop(ref);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("a signal that there is not costs a line in the log, and the program nothing", async () => {
  await using kit = createTestSystem();
  const ref = kit.system.spawn(sh("exec sleep 100", { name: "sleeper" }));
  await started(ref);
  ref.signal("SIGNOTHING" as never);
  await kit.run();
  expect(kit.log).toMatchObject([{ level: "warn", message: "a signal was not sent" }]);
  ref.signal("SIGKILL");
  const reason = await exited(ref);
  expect(reason.kind === "failed" && String(reason.error)).toBe(
    "ProgramError: sleeper was ended by SIGKILL",
  );
});

test("it is sent signals, and made of its props", async () => {
  await using kit = createTestSystem();
  const lines: string[] = [];
  const Greeter = program((props: { name: string }) => ({
    command: "sh",
    args: ["-c", `trap 'echo reload' HUP; echo hello ${props.name}; while :; do sleep 0.01; done`],
    output: (line) => void lines.push(line),
    ready: (line) => line.startsWith("hello"),
  }));
  const ref = kit.system.spawn(Greeter, { name: "Ada" });
  await started(ref);
  ref.signal("SIGHUP");
  await eventually(() => lines.length === 2);
  expect(lines).toEqual(["hello Ada", "reload"]);
  await stop(ref);
});

test("what cannot be run is refused when it is defined", () => {
  expect(() => program({ command: "" })).toThrow("program: command");
  expect(() => program({ command: "ls", args: "-l" as never })).toThrow("list of strings");
  expect(() => program({ command: "ls", output: "lgo" as never })).toThrow('"lgo"');
  expect(() => program({ command: "ls", okCodes: "0" as never })).toThrow("okCodes");
  expect(() => program({ command: "ls", stopSignal: "SIGSTOPIT" as never })).toThrow("SIGSTOPIT");
  expect(() => program({ command: "ls", ready, output: "inherit" })).toThrow(
    'its output is "inherit"',
  );
  expect(() => program({ command: "ls", ready: "yes" as never })).toThrow("program: ready");
});
