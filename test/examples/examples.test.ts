import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** The examples are run as a user runs them: compiled, each in a process of its own. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** How long a handler held the event loop is the machine's affair, and development mode tells it. */
const env = { ...process.env, NODE_ENV: "production" };
/** `kv` is a server, and has tests of its own. */
const SERVERS = new Set(["kv"]);

const names = readdirSync(join(ROOT, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !SERVERS.has(entry.name))
  .map(({ name }) => name);

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

function mainOf(name: string): string {
  const main = join(ROOT, ".build/examples", name, "main.js");
  if (!existsSync(main)) throw new Error(`${main} is missing: run npm run build:all first`);
  return main;
}

function run(name: string): Promise<Outcome> {
  const main = mainOf(name);
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main], { env }, (_error, stdout, stderr) =>
      resolve({ stdout, stderr, code: child.exitCode }),
    );
  });
}

/** Sends the signal when the first line has come: the program is at work then. */
function runAndSignal(name: string, signal: NodeJS.Signals): Promise<Outcome> {
  const child = spawn(process.execPath, [mainOf(name)], { env });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (stdout === "") child.kill(signal);
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ stdout, stderr, code }));
  });
}

function expectedOf(name: string): Outcome {
  const stdout = readFileSync(join(ROOT, "examples", name, "output.txt"), "utf8");
  return { stdout, stderr: "", code: 0 };
}

/** How long something took is different each time. */
function withoutTimes({ stdout, ...others }: Outcome): Outcome {
  return { ...others, stdout: stdout.replaceAll(/[\d.]+ ms/g, "… ms") };
}

test.for(names.filter((name) => !["os-signals", "passwords"].includes(name)))(
  "%s prints what it should, and ends well",
  async (name) => {
    expect(withoutTimes(await run(name))).toEqual(withoutTimes(expectedOf(name)));
  },
);

test(
  "passwords prints what it should, and that a thread keeps the server responsive",
  {
    // It works for seconds, and for more where the machine has other work.
    timeout: 60_000,
  },
  async () => {
    const outcome = await run("passwords");
    expect(withoutTimes(outcome)).toEqual(withoutTimes(expectedOf("passwords")));
    const { stdout } = outcome;
    const [without, withOne] = [...stdout.matchAll(/half of them within (?<ms>[\d.]+) ms/g)];
    expect(Number(withOne?.groups?.["ms"])).toBeLessThan(Number(without?.groups?.["ms"]) / 2);
  },
);

test.for(["SIGTERM", "SIGINT"] as const)(
  "os-signals shuts down in order and exits with 0 on %s",
  async (signal) => {
    expect(await runAndSignal("os-signals", signal)).toEqual(expectedOf("os-signals"));
  },
);

test("every example stands in the table of examples/README.md", () => {
  const readme = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  const listed = [...readme.matchAll(/^\| \[(?<name>[\w-]+)\]\(\k<name>\/main\.ts\)/gm)];
  expect(new Set(listed.map(({ groups }) => groups?.["name"]))).toEqual(new Set(names));
});
