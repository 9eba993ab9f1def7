import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test, vi } from "vitest";
import { actor, exited, isAlive, kill, started, stop, type InitContext } from "troupe";
import { pipe, ProgramError, run, type ChildProcess } from "troupe/process";
import { createTestSystem } from "troupe/testing";
import { eventually, folder } from "../fs/folder.ts";
import { bundled } from "./bundled.ts";

/** An actor whose `init` is the test's. */
const Runner = actor({
  name: "runner",
  init: async (ctx, work: (ctx: InitContext) => unknown) => {
    await work(ctx);
  },
});

/** Whether there is such a process, and it is not just one that nobody has buried. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test("what a program writes comes as bytes or lines, and how it ended is told", async () => {
  await using kit = createTestSystem();
  const heard: unknown[] = [];
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const child = await run(ctx, "sh", ["-c", "echo één; echo two; printf three >&2; exit 7"]);
    ctx.source(child.stdout.lines(), (line) => heard.push(line));
    ctx.source(child.stderr, (chunk) => void heard.push(`! ${chunk.toString()}`));
    heard.push(await child.exited, child.command);
  });
  await started(runner);
  await eventually(() => heard.length === 5);
  expect(heard.slice(0, 2)).toEqual([
    { code: 7, signal: null },
    "sh -c echo één; echo two; printf three >&2; exit 7",
  ]);
  expect(new Set(heard.slice(2))).toEqual(new Set(["één", "two", "! three"]));
});

test("a program's first line is read by hand, and the rest of what came with it is not lost", async () => {
  await using kit = createTestSystem();
  const heard: string[] = [];
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const child = await run(ctx, "printf", ["ready\\none\\ntwo"]);
    const output = child.stdout.lines();
    for await (const line of output) {
      heard.push(`first ${line}`);
      break;
    }
    ctx.source(output, (line) => void heard.push(line));
  });
  await started(runner);
  await eventually(() => heard.length === 3);
  expect(heard).toEqual(["first ready", "one", "two"]);
});

test("what it wrote is there to read when it has ended", async () => {
  await using kit = createTestSystem();
  let text = "";
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const child = await run(ctx, "sh", ["-c", "head -c 30000 /dev/zero | tr '\\0' x"]);
    await child.exited;
    for await (const chunk of child.stdout) text += chunk.toString();
  });
  await started(runner);
  expect(text).toBe("x".repeat(30_000));
});

test("a program reads what is written to it, and hears the end", async () => {
  await using kit = createTestSystem();
  const lines: string[] = [];
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const child = await run(ctx, "sort", ["-n"]);
    for (const number of [3, 1, 2]) child.stdin.write(`${number}\n`);
    child.stdin.end(Buffer.from("0\n"));
    expect(child.stdin.isOpen).toBe(false);
    for await (const line of child.stdout.lines()) lines.push(line);
  });
  await started(runner);
  expect(lines).toEqual(["0", "1", "2", "3"]);
});

test("a program that is not read is held up; one that does not read says to wait", async () => {
  await using kit = createTestSystem();
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const flood = await run(ctx, "sh", ["-c", "head -c 3000000 /dev/zero; echo done >&2"]);
    const cat = await run(ctx, "sh", ["-c", "read line; cat > /dev/null"]);
    let waits = 0;
    while (cat.stdin.unsentBytes < 200_000) {
      if (!cat.stdin.write(Buffer.alloc(10_000))) waits++;
    }
    expect(waits).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(flood.exit).toBe(undefined);
    expect(flood.stdout.unreadBytes).toBeLessThan(200_000);
    let bytes = 0;
    for await (const chunk of flood.stdout) bytes += chunk.length;
    expect(bytes).toBe(3_000_000);
    cat.stdin.write("\n");
    await cat.stdin.drained();
    cat.stdin.end();
    expect(await cat.exited).toEqual({ code: 0, signal: null });
  });
  await started(runner);
});

test("writing to a program that has ended is dropped, and no failure", async () => {
  await using kit = createTestSystem();
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const child = await run(ctx, "sh", ["-c", "exec <&-; echo closed; sleep 0.05"]);
    for await (const line of child.stdout.lines()) expect(line).toBe("closed");
    await child.exited;
    child.stdin.write("too late");
    await child.stdin.drained();
    await eventually(() => !child.stdin.isOpen);
    expect(child.stdin.write("again")).toBe(false);
    expect(child.signal("SIGTERM")).toBe(false);
  });
  await started(runner);
  expect(isAlive(runner)).toBe(true);
});

test("a command that is not there is named, and so is a folder", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  const failureOf = async (command: string, options = {}): Promise<unknown> => {
    const runner = kit.system.spawn(Runner, (ctx) => run(ctx, command, ["-x"], options));
    const reason = await exited(runner);
    return reason.kind === "failed" && reason.error;
  };
  const missing = await failureOf("no-such-program");
  expect(missing).toBeInstanceOf(ProgramError);
  expect(missing).toMatchObject({
    message: "no-such-program -x could not be started: spawn no-such-program ENOENT",
    code: "TROUPE_PROGRAM",
    exitCode: null,
    signal: null,
    cause: { code: "ENOENT" },
  });
  expect(String(await failureOf("ls", { cwd: "/no/such/folder" }))).toContain(
    "ls -x could not be started: there is no folder /no/such/folder",
  );
  writeFileSync(dir.at("plain"), "");
  expect(String(await failureOf(dir.at("plain")))).toContain("EACCES");
});

test("variables are beside those of this process; cwd is where it runs", async () => {
  await using kit = createTestSystem();
  const lines: string[] = [];
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const child = await run(ctx, "sh", ["-c", 'pwd; echo "$ONE-$HOME-${PATH:+path}"'], {
      cwd: tmpdir(),
      env: { ONE: "1", HOME: undefined },
    });
    for await (const line of child.stdout.lines()) lines.push(line);
  });
  await started(runner);
  expect(lines).toEqual([tmpdir(), "1--path"]);
});

test("a program is not told of this process's service manager, unless it is on purpose", async () => {
  await using kit = createTestSystem();
  vi.stubEnv("NOTIFY_SOCKET", "/run/nobody");
  vi.stubEnv("WATCHDOG_USEC", "5");
  const lines: string[] = [];
  const runner = kit.system.spawn(Runner, async (ctx) => {
    for (const variables of [{}, { NOTIFY_SOCKET: "/run/other" }]) {
      const echo = ["-c", 'echo "[$NOTIFY_SOCKET$WATCHDOG_USEC]"'];
      const child = await run(ctx, "sh", echo, { env: variables });
      for await (const line of child.stdout.lines()) lines.push(line);
    }
  });
  await started(runner);
  vi.unstubAllEnvs();
  expect(lines).toEqual(["[]", "[/run/other]"]);
});

test("input that cannot be run is refused at once", async () => {
  const ctx = { signal: new AbortController().signal };
  await expect(run(ctx, "")).rejects.toThrow("run: command");
  await expect(run(ctx, "ls", ["-l", 5 as never])).rejects.toThrow("list of strings");
  await expect(run(ctx, "ls", [], { stdin: "file" as never })).rejects.toThrow('"file"');
  await expect(run(ctx, "ls", [], { killAfterMs: -1 })).rejects.toThrow("killAfterMs");
  await expect(run(ctx, "ls", [], { stopSignal: "TERM" as never })).rejects.toThrow("TERM");
  const child = await run(ctx, "true");
  expect(() => child.stdin.write(5 as never)).toThrow("it takes text or bytes");
  expect(() => child.signal("SIGNOTHING" as never)).toThrow("SIGNOTHING");
  // More than the host lets a program have.
  await expect(run(ctx, "true", ["x".repeat(5_000_000)])).rejects.toBeInstanceOf(ProgramError);
});

/** Runs a program in an actor, and gives it out. */
async function hold(
  kit: ReturnType<typeof createTestSystem>,
  ...args: [string, readonly string[], Parameters<typeof run>[3]?]
) {
  let child: ChildProcess | undefined;
  const runner = kit.system.spawn(Runner, async (ctx) => {
    child = await run(ctx, ...args);
  });
  await started(runner);
  return { runner, child: child! };
}

test("when its actor is stopped, a program is asked to end", async () => {
  await using kit = createTestSystem();
  const { runner, child } = await hold(kit, "sleep", ["100"]);
  await stop(runner);
  expect(await child.exited).toEqual({ code: null, signal: "SIGTERM" });
  expect(child.exit).toEqual({ code: null, signal: "SIGTERM" });
});

test("the stop signal can be another", async () => {
  await using kit = createTestSystem();
  const { runner, child } = await hold(kit, "sleep", ["100"], { stopSignal: "SIGINT" });
  await stop(runner);
  expect((await child.exited).signal).toBe("SIGINT");
});

test("a program that does not end when it is asked to is killed after its time", async () => {
  await using kit = createTestSystem();
  const deaf = ["-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"];
  const { runner, child } = await hold(kit, "sh", deaf, { killAfterMs: 50 });
  await eventually(() => child.stdout.unreadBytes > 0);
  const asked = child.stop();
  expect(child.stop()).toBe(asked);
  expect(await asked).toEqual({ code: null, signal: "SIGKILL" });
  await stop(runner);
});

test("when its actor is killed, a program is killed at once", async () => {
  await using kit = createTestSystem();
  const deaf = ["-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"];
  const { runner, child } = await hold(kit, "sh", deaf, { killAfterMs: 60_000 });
  await eventually(() => child.stdout.unreadBytes > 0);
  await kill(runner);
  expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
});

test("an actor that ends while its program is being started leaves none running", async () => {
  await using kit = createTestSystem();
  using dir = folder();
  for (const end of [stop, kill]) {
    let outcome: unknown;
    const Hasty = actor({
      init: (ctx) =>
        void run(ctx, "sh", ["-c", `echo $$ > ${dir.at("pid")}; exec sleep 100`]).catch(
          (error: unknown) => (outcome = error),
        ),
    });
    const ref = kit.system.spawn(Hasty);
    void ref;
    await started(ref);
    await end(ref);
    await eventually(() => outcome !== undefined);
    expect(String(outcome)).toMatch(/ActorStopped|Killed/);
    const left = execFileSync("sh", ["-c", "ps -o pid=,args= --ppid $PPID || true"], {
      encoding: "utf8",
    });
    await eventually(() => !/sleep 100/.test(left) || !isRunning(Number.parseInt(left, 10)));
  }
});

test("with a group, what a program has started ends with it", async () => {
  await using kit = createTestSystem();
  for (const end of [stop, kill]) {
    let pid = 0;
    const { runner, child } = await hold(kit, "sh", ["-c", "sleep 100 & echo $!; wait"], {
      group: true,
    });
    for await (const line of child.stdout.lines()) {
      pid = Number(line);
      break;
    }
    expect(isRunning(pid)).toBe(true);
    await end(runner);
    await child.exited;
    await eventually(() => !isRunning(pid));
  }
});

test("with a group, what is left when the program ends by itself is ended, too", async () => {
  await using kit = createTestSystem();
  const { runner, child } = await hold(
    kit,
    "sh",
    ["-c", "(trap '' TERM; while :; do sleep 0.01; done) & echo $!"],
    { group: true, killAfterMs: 100 },
  );
  let pid = 0;
  for await (const line of child.stdout.lines()) {
    pid = Number(line);
    break;
  }
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(isRunning(pid)).toBe(true);
  await child.stop();
  await eventually(() => !isRunning(pid));
  await stop(runner);
});

test("without a group, what a program has started may live on, and holds up nobody", async () => {
  await using kit = createTestSystem();
  const { runner, child } = await hold(kit, "sh", ["-c", "sleep 1 & echo $!; wait"]);
  const lines = child.stdout.lines()[Symbol.asyncIterator]();
  const { value: pid } = await lines.next();
  const next = lines.next();
  await stop(runner);
  // Its output is still open in another program.
  expect((await next).done).toBe(true);
  await child.exited;
  expect(isRunning(Number(pid))).toBe(true);
  process.kill(Number(pid), "SIGKILL");
});

test("what is left of a program that has ended is held up, too, while nobody reads", async () => {
  await using kit = createTestSystem();
  const { runner, child } = await hold(kit, "sh", ["-c", "yes & exit 0"]);
  await child.exited;
  await eventually(() => child.stdout.unreadBytes > 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(child.stdout.unreadBytes).toBeLessThan(1_000_000);
  // Which closes its output, and so ends it.
  await stop(runner);
});

test("an actor that runs many programs, one after the other, keeps nothing of them", async () => {
  await using kit = createTestSystem();
  let listeners = 0;
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const { signal } = ctx;
    const counted = {
      signal: new Proxy(signal, {
        get(target, key) {
          if (key === "addEventListener") listeners++;
          if (key === "removeEventListener") listeners--;
          const value: unknown = Reflect.get(target, key);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      }),
    };
    for (let i = 0; i < 5; i++) {
      const child = await run(counted, "true");
      await child.exited;
    }
    await eventually(() => listeners === 0);
  });
  await started(runner);
  expect(listeners).toBe(0);
});

test("when this process ends without stopping its actors, programs are asked to end", async () => {
  const leaver = bundled(new URL("leaver.ts", import.meta.url));
  const outcome = execFileSync(process.execPath, [leaver], { encoding: "utf8" });
  const pid = Number(outcome);
  expect(pid).toBeGreaterThan(0);
  await eventually(() => !isRunning(pid));
});

test("one program's output is another's input, at its pace", async () => {
  await using kit = createTestSystem();
  const lines: string[] = [];
  let bytes = 0;
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const seq = await run(ctx, "seq", ["1", "200000"]);
    const wc = await run(ctx, "wc", ["-l"]);
    ctx.task(pipe(seq.stdout, wc.stdin), (piped) => void (bytes = piped));
    for await (const line of wc.stdout.lines()) lines.push(line.trim());
  });
  await started(runner);
  await eventually(() => bytes > 0);
  expect(lines).toEqual(["200000"]);
  expect(bytes).toBe(1_288_895);
});

test("a pipe into a program that reads no more ends the one that writes", async () => {
  await using kit = createTestSystem();
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const yes = await run(ctx, "yes");
    const head = await run(ctx, "head", ["-n", "2"]);
    ctx.task(pipe(yes.stdout, head.stdin));
    const lines: string[] = [];
    for await (const line of head.stdout.lines()) lines.push(line);
    expect(lines).toEqual(["y", "y"]);
    // By SIGPIPE, or by a reset of what is a pair of sockets to the host.
    expect(await yes.exited).not.toEqual({ code: 0, signal: null });
  });
  await started(runner);
});

test("a pipe into a sink that fails ends the program that writes, and rejects", async () => {
  await using kit = createTestSystem();
  const full = {
    isOpen: true,
    write: () => false,
    drained: () => Promise.reject(new Error("no space left")),
    end: () => {},
  };
  const runner = kit.system.spawn(Runner, async (ctx) => {
    const yes = await run(ctx, "yes");
    await expect(pipe(yes.stdout, full)).rejects.toThrow("no space left");
    expect(await yes.exited).not.toEqual({ code: 0, signal: null });
  });
  await started(runner);
});

test("an actor may have many programs at a time", async () => {
  await using kit = createTestSystem();
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  const runner = kit.system.spawn(Runner, async (ctx) => {
    await Promise.all(Array.from({ length: 15 }, () => run(ctx, "sleep", ["100"])));
  });
  await started(runner);
  await stop(runner);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});
