import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scan, type Scanned } from "./scan.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface SourceFile extends Scanned {
  /** From the root of the project: `src/kernel/cell.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Every file that we write by hand under these folders and that a rule could be about. */
export function readSources(...folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(?:ts|mjs)$/.test(name) && !name.includes("node_modules"))
      .map((name) => readSource(`${folder}/${name}`)),
  );
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), "utf8");
  return { path, text, ...scan(text) };
}

/** `src/kernel/cell.ts:12`, for each place where the pattern is found. */
export function places(path: string, text: string, pattern: RegExp): [string, RegExpExecArray][] {
  return [...text.matchAll(pattern)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    return [`${path}:${line}`, match];
  });
}

export interface Import {
  readonly place: string;
  /** As it is written: `../kernel/cell.ts`. */
  readonly from: string;
  readonly typeOnly: boolean;
}

/** What a file imports, or passes on. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const pattern =
    /^(?:import|export)\b(?<type> type\b)?(?: (?:[\w*{][^;"']*?) from)? "(?<from>[^"\n]+)";$|\bimport\("(?<later>[^"\n]+)"\)/gm;
  return places(path, text, pattern).map(([place, { groups = {} }]) => ({
    place,
    from: groups["from"] ?? groups["later"] ?? "",
    typeOnly: groups["type"] !== undefined,
  }));
}
