import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { blocksOfFile, expectedOutput, extractBlocks, markdownFiles } from "./code-blocks.ts";

/*
 * Every block of TypeScript that we print is compiled as a user would compile it, and every whole
 * program among them is run.
 *
 *   ```ts          type-checked; run, where it imports troupe; then its `// → text` comments are,
 *                  in order, all that it prints (`…` stands for any text)
 *   ```ts no-run   type-checked only
 *   ```ts bank.ts  other blocks can import "./bank.ts"
 *   ```text printed   all that the block before it prints, in place of such comments
 *
 * They run in order, so a program finds the files that those before it have left.
 */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TEMP = join(ROOT, ".build/docs");

const blocks = markdownFiles(ROOT).flatMap((path) => blocksOfFile(ROOT, path));
const programs = blocks.filter(({ runs }) => runs);
/** What the compiler said, one line each. */
let complaints: string[] = [];

interface Outcome {
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiler reads the types of all that blocks import, which a busy machine takes its time for. */
const COMPILER_MS = 60_000;

function node(cwd: string, args: readonly string[], timeout = 9_000): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, timeout }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, stdout, stderr }),
    );
  });
}

/** One run of the compiler for all of them, with the settings of the examples. */
beforeAll(async () => {
  rmSync(TEMP, { recursive: true, force: true });
  mkdirSync(TEMP, { recursive: true });
  if (blocks.length === 0) return;
  for (const { name, code } of blocks) writeFileSync(join(TEMP, `${name}.ts`), code);
  const config = {
    extends: "../../tsconfig.examples.json",
    compilerOptions: { rootDir: ".", outDir: "out", sourceMap: false },
    include: ["*.ts"],
  };
  writeFileSync(join(TEMP, "tsconfig.json"), JSON.stringify(config));
  const compiler = ["node_modules/typescript/bin/tsc", "-p", TEMP, "--pretty", "false"];
  const { stdout } = await node(ROOT, compiler, COMPILER_MS);
  complaints = stdout.split("\n").filter((line) => line !== "");
}, COMPILER_MS);

test("the compiler complains of nothing but blocks", () => {
  const files = blocks.map(({ name }) => `${name}.ts`);
  const isOfBlock = (line: string): boolean =>
    line.startsWith(" ") || files.some((file) => line.includes(file));
  expect(complaints.filter((line) => !isOfBlock(line))).toEqual([]);
});

describe.skipIf(blocks.length === 0)("every block of code type-checks", () => {
  test.for(blocks)("$place", ({ name }) => {
    expect(complaints.filter((line) => line.includes(`${name}.ts(`))).toEqual([]);
  });
});

describe.skipIf(programs.length === 0)("every program runs, and prints what it says", () => {
  test.for(programs)("$place", async ({ name, prints }) => {
    const { failed, stdout, stderr } = await node(TEMP, [join(TEMP, "out", `${name}.js`)]);
    expect(failed, `it failed; on stderr: ${stderr}`).toBe(false);
    expect(stdout).toMatch(expectedOutput(prints));
  });
});

describe("how blocks are found", () => {
  const document = [
    "# Title",
    "",
    "```ts",
    'import { actor } from "troupe";',
    "console.log(1 + 1); // → 2",
    "```",
    "",
    "```sh",
    "npm ci # ```ts is not meant here",
    "```",
    "",
    "- in a list:",
    "  ```ts no-run",
    '  import { actor } from "troupe";',
    "  ```",
    "",
    "```ts",
    "const alone = 1;",
    "```",
  ].join("\n");
  const [program, listed, fragment, ...others] = extractBlocks("docs/x/y.md", document);

  test("a block knows its place, and its errors have the line numbers of the document", () => {
    expect(program).toMatchObject({ place: "docs/x/y.md:3", name: "docs-x-y.3" });
    expect(program?.code.split("\n")[4]).toBe("console.log(1 + 1); // → 2");
    expect(others).toEqual([]);
  });

  test("what imports troupe is run, unless it says no-run", () => {
    expect([program?.runs, listed?.runs, fragment?.runs]).toEqual([true, false, false]);
  });

  test("a block in a list loses the indentation of its fence", () => {
    expect(listed?.code.trim()).toBe('import { actor } from "troupe";');
  });

  test("comments with an arrow are what is printed, all of it and in that order", () => {
    expect(program?.prints).toEqual(["2"]);
    const pattern = expectedOutput(["took … ms", "a.b"]);
    expect("took 12 ms\na.b\n").toMatch(pattern);
    expect("a.b\ntook 12 ms\n").not.toMatch(pattern);
    expect("took 12 ms\na.b\nmore\n").not.toMatch(pattern);
    expect("took 12 ms\naxb\n").not.toMatch(pattern);
  });

  test("a program without such comments may print what it likes", () => {
    expect("anything\n").toMatch(expectedOutput([]));
  });

  test("a block that is named is a file that others can import", () => {
    const [named] = extractBlocks("x.md", "```ts my-bank.ts\n```");
    expect(named).toMatchObject({ name: "my-bank", place: "x.md:1" });
  });

  test("what is printed may stand in a block of its own behind the program", () => {
    const [printing] = extractBlocks("x.md", "```ts\n```\n\n```text printed\na\n\n b …\n```");
    expect(printing?.prints).toEqual(["a", "", " b …"]);
    expect(() => extractBlocks("x.md", "```text printed\n```")).toThrow("x.md:1: there is no");
  });

  test("other text is nobody's", () => {
    const [silent] = extractBlocks("x.md", "```ts\n```\n\n```text\na\n```");
    expect(silent?.prints).toEqual([]);
  });

  test("an unknown mark is refused, so that none is misspelt", () => {
    expect(() => extractBlocks("x.md", "```ts norun\n```")).toThrow('x.md:1: "norun" is no mark');
  });
});
