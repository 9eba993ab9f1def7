import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A block of TypeScript in a Markdown file. */
export interface CodeBlock {
  /** Where it stands, to be clicked on: `docs/guides/quick-start.md:12`. */
  readonly place: string;
  /** The name of its file when it is compiled. */
  readonly name: string;
  readonly code: string;
  /** A whole program, that is to be run: it imports troupe, and is not marked `no-run`. */
  readonly runs: boolean;
  /** What it prints: what its `// → …` comments say, or a block ```text printed behind it. */
  readonly prints: readonly string[];
}

/** README.md and everything under docs, as far as they exist. */
export function markdownFiles(root: string): string[] {
  const docs = join(root, "docs");
  const inDocs = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: "utf8" }) : [];
  return ["README.md", ...inDocs.map((path) => `docs/${path}`)]
    .filter((path) => path.endsWith(".md") && existsSync(join(root, path)))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

export function blocksOfFile(root: string, path: string): CodeBlock[] {
  return extractBlocks(path, readFileSync(join(root, path), "utf8"));
}

/** Finds every ```ts block; indented ones, as in lists, lose the indentation of their fence. */
export function extractBlocks(path: string, markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(?<indent> *)```(?<info>.*)$/.exec(lines[at] ?? "");
    if (fence === null) continue;
    const { indent = "", info = "" } = fence.groups ?? {};
    const start = at + 1;
    while (++at < lines.length && lines[at]?.trim() !== "```");
    const [language, ...marks] = info.trim().split(/\s+/);
    const body = lines.slice(start, at).map((line) => line.slice(indent.length));
    if ((language === "text" || language === "mermaid") && marks.includes("printed")) {
      const program = blocks.pop();
      if (program === undefined) throw new Error(`${path}:${start}: there is no block that prints`);
      blocks.push({ ...program, prints: body });
    }
    if (language !== "ts") continue;
    for (const mark of marks) {
      if (mark === "no-run" || FILE_NAME.test(mark)) continue;
      throw new Error(
        `${path}:${start}: "${mark}" is no mark; use no-run, or name-it-like-this.ts`,
      );
    }
    blocks.push(makeBlock(path, start, body, marks));
  }
  return blocks;
}

/** Of a block that others import. */
const FILE_NAME = /^[a-z][a-z0-9-]*\.ts$/;

function makeBlock(path: string, start: number, body: string[], marks: string[]): CodeBlock {
  const code = body.join("\n");
  const noRun = marks.includes("no-run");
  const file = marks.find((mark) => FILE_NAME.test(mark));
  return {
    place: `${path}:${start}`,
    name: file?.slice(0, -3) ?? `${path.replace(/\.md$/, "").replaceAll("/", "-")}.${start}`,
    // Line numbers of errors are those of the Markdown file.
    code: `${"\n".repeat(start)}${code}\n`,
    runs:
      !noRun && /^import .*? from "troupe(?:\/\w+)?";$|^\} from "troupe(?:\/\w+)?";$/m.test(code),
    prints: body.flatMap((line) => /\/\/ → (?<text>.*)$/.exec(line)?.groups?.["text"] ?? []),
  };
}

/** What a block prints, as a pattern: `…` in a comment stands for any text. */
export function expectedOutput(prints: readonly string[]): RegExp {
  if (prints.length === 0) return /^/;
  const lines = prints.map((text) => text.trimEnd().split("…").map(escapeForRegExp).join(".*"));
  return new RegExp(`^${lines.join("\n")}\n?$`);
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
