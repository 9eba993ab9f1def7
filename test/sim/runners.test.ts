import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

/*
 * These run what users run: plain Node on the package as it is built, in processes of its own. So
 * they go by the real clock, and need `dist`.
 */
const execute = promisify(execFile);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function node(file: string, env: Record<string, string> = {}): Promise<Outcome> {
  const path = fileURLToPath(new URL(`runners/${file}`, import.meta.url));
  const args = file === "with-node-test.mjs" ? ["--test", path] : [path];
  // Vitest's own NODE_ENV, and what node:test passes on to its children, are none of theirs.
  const { NODE_TEST_CONTEXT: _context, ...own } = process.env;
  const options = { env: { ...own, ...env } };
  try {
    return { code: 0, ...(await execute(process.execPath, args, options)) };
  } catch (error) {
    return error as Outcome;
  }
}

describe("a plain script", () => {
  test("simulates, prints to stderr, and ends by itself", async () => {
    const { code, stdout, stderr } = await node("plain.mjs");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^held in 20 seeds: [0-9a-f]{16}$/m);
    expect(stdout).toMatch(/^SimulationError: notRich in seed \d+, [0-9a-f]{16}$/m);
    expect(stderr).toMatch(/^sim bank: 20 of 20 seeds in /m);
    expect(stderr).toMatch(/^sim bank: commands: 160 done, /m);
  });

  test("gets the same from each process", async () => {
    const [first, second] = await Promise.all([node("plain.mjs"), node("plain.mjs")]);
    expect(second.stdout).toBe(first.stdout);
  });

  test("gets the same in production and in development, as far as its service is concerned", async () => {
    const [production, development] = await Promise.all([
      node("plain.mjs", { NODE_ENV: "production" }),
      node("plain.mjs", { NODE_ENV: "development" }),
    ]);
    expect(production.stdout).toBe(development.stdout);
  });
}, 30_000);

test("node:test shows a failing simulation as a failing test, and goes on with the next", async () => {
  const { code, stdout } = await node("with-node-test.mjs");
  expect(code).toBe(1);
  expect(stdout).toMatch(/(?:not ok \d+ -|✖) nobody gets rich/);
  expect(stdout).toContain("notRich");
  expect(stdout).toMatch(/(?:ok \d+ -|✔) a simulation holds/);
  expect(stdout).toMatch(/(?:ok \d+ -|✔) what nobody catches within a run/);
  expect(stdout).toMatch(/(?:ok \d+ -|✔) tests at the same time/);
  expect(stdout).toMatch(/(?:# |ℹ )fail 1$/m);
}, 30_000);
