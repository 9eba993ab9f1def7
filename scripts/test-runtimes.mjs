// Runs the checks of test/elsewhere, with the built package, on Bun and Deno: `npm run test:runtimes`,
// or `npm run test:runtimes -- bun`. Both come from their npm packages, into .build/runtimes.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const VERSIONS = { bun: "1.4.5", deno: "2.9.5" };
/** Node goes along: what fails there is no matter of the runtime. */
const COMMANDS = {
  node: [process.execPath],
  bun: [resolve(".build/runtimes/node_modules/.bin/bun"), "run"],
  deno: [resolve(".build/runtimes/node_modules/.bin/deno"), "run", "--allow-all"],
};
const PROGRAM = resolve(".build/elsewhere");
const LIMIT_MS = 120_000;

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(COMMANDS);
for (const name of wanted) {
  if (!(name in COMMANDS))
    fail(`${name} is no runtime known here: ${Object.keys(COMMANDS).join(", ")}`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Their install scripts put the program in its place; npm 12 runs only those that are named. */
function install(folder) {
  mkdirSync(folder, { recursive: true });
  const allowScripts = Object.fromEntries(Object.keys(VERSIONS).map((name) => [name, true]));
  const manifest = { private: true, dependencies: VERSIONS, allowScripts };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const options = { cwd: folder, stdio: ["ignore", "inherit", "inherit"], timeout: LIMIT_MS };
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund"], options);
  if (status !== 0) fail("bun and deno could not be installed: see what npm says above");
}

/** Finds the package where a user's program does: in node_modules. */
async function compile(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(process.cwd(), join(folder, "node_modules/troupe"));
  await build({
    entryPoints: ["test/elsewhere/command.ts", "test/elsewhere/actors.ts"],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["troupe", "troupe/*"],
    logLevel: "warning",
  });
}

/** True when the runtime is the one that was asked for, and all checks hold. */
function run(name) {
  const [program, ...args] = COMMANDS[name];
  const { stdout: version } = spawnSync(program, ["--version"], { encoding: "utf8" });
  const expected = VERSIONS[name] ?? process.version;
  console.log(`== ${name} ${expected}`);
  if (!version?.includes(expected)) {
    console.log(`FAILED  ${program} says it is ${JSON.stringify(version)}`);
    return false;
  }
  const options = { cwd: PROGRAM, stdio: ["ignore", "inherit", "inherit"], timeout: LIMIT_MS };
  const { status, signal } = spawnSync(program, [...args, "command.js"], options);
  if (status !== 0) console.log(`FAILED  ended with ${signal ?? status}`);
  return status === 0;
}

if (wanted.some((name) => name in VERSIONS)) install(".build/runtimes");
await compile(PROGRAM);
const failed = wanted.filter((name) => !run(name));
if (failed.length > 0) fail(`failed on ${failed.join(", ")}`);
