import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expected } from "./expected.ts";
import { Project, type Outcome } from "./project.ts";

/*
 * The program in app/, bundled with the commands and configurations of the guide, and run in Node.
 * webpack takes seconds, and more where the machine has other work.
 */
const PATIENCE_MS = 60_000;
const stripsTypes = Boolean(
  (process as { features: { typescript?: unknown } }).features.typescript,
);

/** Puts webpack to work without its command line, which is a package of its own. */
const RUN_WEBPACK = `
import webpack from "webpack";
const { default: config } = await import(new URL(process.argv[2], import.meta.url));
webpack(config, (error, stats) => {
  if (error ?? stats.hasErrors()) throw error ?? new Error(stats.toString());
});
`;

async function webpack(project: Project, config: string): Promise<Outcome> {
  project.write("webpack.js", RUN_WEBPACK);
  project.writeFromGuide(config);
  return project.node("webpack.js", `./${config}`);
}

/** Puts one of the app's first files where configurations have it. */
function startWith(project: Project, file: string): void {
  cpSync(join(project.folder, "src", file), join(project.folder, "src/main.js"));
}

function findings(outcome: Outcome): unknown {
  expect(outcome).toMatchObject({ code: 0 });
  return JSON.parse(outcome.stdout);
}

/** What it said when it failed, as it has to. */
async function failure(running: Promise<Outcome>): Promise<string> {
  const outcome = await running;
  expect(outcome).toMatchObject({ code: 1 });
  return outcome.stderr;
}

/** A program without a bundler that gives a pool what it cannot work with. */
const WRONG = `
import { Worker } from "node:worker_threads";
import { threads } from "troupe/threads";
import { run } from "./run.js";
const actors = new URL("./actors.js", import.meta.url);
await run(threads({ size: 1, OPTIONS }));
`;

/** The build of vite that is for pages, of a program for Node. */
const CLIENT_BUILD = `
export default {
  build: { lib: { entry: "src/main.js", formats: ["es"], fileName: "main" }, target: "node20" },
};
`;

describe("a program with threads works the same", { timeout: PATIENCE_MS }, () => {
  test("without a bundler", async () => {
    const project = await Project.make("none");
    expect(findings(await project.node("src/main.js"))).toEqual(expected);
  });

  const why = stripsTypes ? "" : ` (skipped: Node ${process.version} does not strip types)`;
  test.skipIf(!stripsTypes)(`from .ts files${why}`, async () => {
    const project = await Project.make("types");
    expect(findings(await project.node("../../../test/bundlers/app/main.ts"))).toEqual(expected);
  });

  test("bundled by esbuild", async () => {
    const project = await Project.make("esbuild");
    expect(await project.runFromGuide("npx esbuild")).toMatchObject({ code: 0 });
    expect(findings(await project.node("dist/main.js"))).toEqual(expected);
  });

  test("bundled by vite, for servers", async () => {
    const project = await Project.make("vite-ssr");
    project.writeFromGuide("vite.config.js");
    expect(await project.bin("vite", "build", "--minify")).toMatchObject({ code: 0 });
    expect(findings(await project.node("dist/main.js"))).toEqual(expected);
  });

  test("bundled by webpack", async () => {
    const project = await Project.make("webpack");
    startWith(project, "main-webpack.js");
    expect(await webpack(project, "webpack.config.js")).toMatchObject({ code: 0 });
    expect(findings(await project.node("dist/main.js"))).toEqual(expected);
  });

  test("bundled by webpack, which leaves URLs alone", async () => {
    const project = await Project.make("webpack-module");
    expect(await webpack(project, "webpack-module.config.js")).toMatchObject({ code: 0 });
    expect(findings(await project.node("dist/main.js"))).toEqual(expected);
  });
});

describe("a program that lacks the threads' file says so", { timeout: PATIENCE_MS }, () => {
  test("when it is not an entry", async () => {
    const project = await Project.make("one-entry");
    const built = await project.runFromGuide("npx esbuild", (line) =>
      line.replace(" src/actors.js", ""),
    );
    expect(built).toMatchObject({ code: 0 });
    expect(await failure(project.node("dist/main.js"))).toMatch(
      /there is no file file:.*\/dist\/actors\.js; .* an entry of its own/,
    );
  });

  test("when webpack has copied it, and not bundled", async () => {
    const project = await Project.make("copied");
    expect(await webpack(project, "webpack.config.js")).toMatchObject({ code: 0 });
    expect(await failure(project.node("dist/main.js"))).toMatch(
      /could not load file:.*\/dist\/\w+\.js: Error: Cannot find module/,
    );
  });

  test("when vite has put it into a data: URL", async () => {
    const project = await Project.make("data-url");
    project.write("vite.config.js", CLIENT_BUILD);
    expect(await project.bin("vite", "build")).toMatchObject({ code: 0 });
    expect(await failure(project.node("dist/main.js"))).toMatch(
      "threads: module is a data: URL: a bundler",
    );
  });

  test.each([
    ["registers nothing", `module: new URL("./even.js", import.meta.url)`, "register"],
    ["is not told who started it", `worker: () => new Worker(actors)`, "options"],
    ["is not there", `worker: (options) => new Worker(new URL("a.js", actors), options)`, "a.js"],
    ["has a function that fails", `worker: () => { throw new Error("no thread"); }`, "no thread"],
    ["has a function that keeps its worker", `worker: () => {}`, "returned undefined"],
  ])("when the file %s", async (_, options, says) => {
    const project = await Project.make("wrong");
    project.write("src/wrong.js", WRONG.replace("OPTIONS", options));
    const said = await failure(project.node("src/wrong.js"));
    expect(said).toMatch(/(?:Thread|BadInput)Error: threads/);
    expect(said).toMatch(says);
  });
});
