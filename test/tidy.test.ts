import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { importsOf, places, readSources, ROOT, type SourceFile } from "./tidy/sources.ts";

/*
 * The house rules, read by a machine so that people need not argue about them. Each complaint says
 * what to do instead.
 */
const src = readSources("src");
const all = [...src, ...readSources("test", "examples", "bench", "scripts")];

/** The rooms of the house, and which others each may import. `world: "types"` is for types alone. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  world: [],
  supervision: [],
  names: [],
  kernel: ["world", "supervision", "names"],
  behaviours: ["kernel", "supervision", "names", "world (types)"],
  index: ["world", "supervision", "names", "kernel", "behaviours"],
  testing: ["index", "world", "supervision", "names", "kernel", "behaviours"],
  sim: ["index", "world", "supervision", "names", "kernel", "behaviours"],
  pool: ["index", "world", "supervision", "names", "kernel", "behaviours"],
  net: ["index", "world", "supervision", "names", "kernel", "behaviours"],
  http: ["index", "world", "supervision", "names", "kernel", "behaviours", "net"],
  fs: ["index", "world", "supervision", "names", "kernel", "behaviours", "net"],
  process: ["index", "world", "supervision", "names", "kernel", "behaviours", "net", "fs"],
  // How values and refs go from node to node, whatever carries them.
  wire: ["world", "kernel"],
  // One end of a connection: what threads and machines have in common.
  peer: ["world", "names", "kernel", "wire"],
  threads: ["world", "kernel", "behaviours", "wire", "peer"],
};
/** What only these may use stands behind a subpath of its own. */
const MAY_USE_NODE = new Set(["net", "http", "fs", "process", "sim", "testing"]);

function roomOf(path: string): string {
  const [, first = "", ...rest] = path.split("/");
  return rest.length === 0 ? "index" : first;
}

/** Complaints about every place in the code where a pattern is found. */
function findInCode(files: readonly SourceFile[], pattern: RegExp, complaint: string): string[] {
  return files.flatMap(({ path, code }) =>
    places(path, code, pattern).map(([place, [found]]) => `${place} ${found}: ${complaint}`),
  );
}

test("every room of src has its place in the order", () => {
  const unknown = src.map(({ path }) => path).filter((path) => !(roomOf(path) in ROOMS));
  const complaint = "stands in a room that no rule knows: say in ROOMS what it may import";
  expect(unknown.map((path) => `${path} ${complaint}`)).toEqual([]);
});

test("a room imports only what stands below it", () => {
  const complaints = src.flatMap((file) => {
    const room = roomOf(file.path);
    return importsOf(file).flatMap(({ place, from, typeOnly }) => {
      if (!from.startsWith(".")) return [];
      const target = roomOf(posix.join(posix.dirname(file.path), from));
      const allowed = ROOMS[room] ?? [];
      if (target === room || allowed.includes(target)) return [];
      if (typeOnly && allowed.includes(`${target} (types)`)) return [];
      const instead = allowed.join(", ") || "nothing";
      return `${place} imports ${from}: ${room} may import ${instead}; move what you need down, or the file up`;
    });
  });
  expect(complaints).toEqual([]);
});

/** Packages that a room may name: optional peers of ours. */
const PEERS: Readonly<Record<string, readonly string[]>> = {
  http: ["@hono/node-server", "fastify", "hono"],
};

test("only rooms behind a door for Node import modules of Node, and none a package but its optional peers", () => {
  const complaints = src.flatMap((file) =>
    importsOf(file).flatMap(({ place, from }) => {
      if (from.startsWith(".")) return [];
      if (PEERS[roomOf(file.path)]?.some((peer) => from === peer || from.startsWith(`${peer}/`)))
        return [];
      if (!from.startsWith("node:")) return `${place} imports ${from}: we have no dependencies`;
      if (MAY_USE_NODE.has(roomOf(file.path))) return [];
      return `${place} imports ${from}: ask for it in src/world/host.ts, with an answer for hosts without it`;
    }),
  );
  expect(complaints).toEqual([]);
});

test("only src/world names a clock, a source of chance, or the process", () => {
  // A simulation stands in for the host, so it has to name what it replaces.
  const elsewhere = src.filter(
    ({ path }) => roomOf(path) !== "world" && !path.startsWith("src/sim/host/"),
  );
  const names =
    "Date|performance|Math\\.random|setTimeout|setInterval|setImmediate|queueMicrotask|process|getBuiltinModule|globalThis";
  // A property of that name is another thing.
  const pattern = new RegExp(`(?<![\\w.#])(?:${names})\\b(?!\\??:)`, "g");
  expect(
    findInCode(
      elsewhere,
      pattern,
      "take time, chance and scheduling from World, all else of the host from src/world/host.ts",
    ),
  ).toEqual([]);
});

test("nothing is `any`", () => {
  const asType = /(?:[:<|&]|=>|\b(?:as|extends|satisfies))\s*any\b|\bany\s*(?:\[\]|>)/g;
  // Where a variable has that name, the linter has to judge.
  const files = all.filter(({ code }) => !/\b(?:const|let)\s+any\b/.test(code));
  expect(findInCode(files, asType, "say what it is, or take unknown and look")).toEqual([]);
});

test("no type error is silenced without saying why", () => {
  const complaints = all.flatMap(({ path, comments }) => [
    ...places(path, comments, /@ts-(?:ignore|nocheck)/g).map(
      ([place]) => `${place} use @ts-expect-error with a reason, or mend it`,
    ),
    ...places(path, comments, /@ts-expect-error(?! \S)/g).map(
      ([place]) => `${place} say behind @ts-expect-error why the error is right`,
    ),
    ...places(path, comments, /oxlint-disable(?!.* -- \S)/g).map(
      ([place]) => `${place} say behind " -- " why the rule is wrong here`,
    ),
  ]);
  expect(complaints).toEqual([]);
});

test("what is left to do says why it is left", () => {
  const complaints = all.flatMap(({ path, comments }) =>
    places(path, comments, /\b(?:TODO|FIXME|XXX)\b(?!\([^)]+\): \S)/g).map(
      ([place]) => `${place} write TODO(why not now): what`,
    ),
  );
  expect(complaints).toEqual([]);
});

test("no source is longer than 400 lines, and no test than 600", () => {
  const complaints = all
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ path, lines }) => lines > (path.startsWith("test/") ? 600 : 400))
    .map(
      ({ path, lines }) =>
        `${path} has ${lines} lines: look for two nouns, and give the second its own file`,
    );
  expect(complaints).toEqual([]);
});

test("files and folders are named in kebab-case", () => {
  const name =
    /^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)+[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.test-d|\.d)?\.(?:ts|mjs)$/;
  const complaints = all
    .filter(({ path }) => !name.test(path))
    .map(({ path }) => `${path}: name it like-this.ts`);
  expect(complaints).toEqual([]);
});

/** The public names of a file, each with the file that it comes from. */
function exportsOf({ path, text }: SourceFile): { name: string; from: string }[] {
  return [
    ...text.matchAll(/^export (?:type )?\{(?<names>[^}]+)\} from "(?<from>[^"]+)";$/gm),
  ].flatMap(({ groups = {} }) =>
    (groups["names"] ?? "")
      .split(",")
      .map((entry) =>
        entry
          .trim()
          .replace(/^type /, "")
          .replace(/ as .*$/, ""),
      )
      .filter((name) => name !== "")
      .map((name) => ({ name, from: posix.join(posix.dirname(path), groups["from"] ?? "") })),
  );
}

test("everything that is public says what it is for, where it is declared", () => {
  const doors = src.filter(({ path }) => /^src\/(?:\w+\/)?index\.ts$/.test(path));
  const complaints = doors.flatMap(exportsOf).flatMap(({ name, from }) => {
    const file = src.find(({ path }) => path === from);
    const declared = new RegExp(
      `(?<doc>\\*/\\n)?^export (?:declare |abstract |async |default )*(?:class|function\\*?|interface|type|const|let|enum) ${name}\\b`,
      "m",
    ).exec(file?.text ?? "");
    if (declared === null)
      return `${from}: no declaration of ${name}; import it from where it is declared`;
    return declared.groups?.["doc"] === undefined
      ? `${from}: ${name} is public; write /** what it does for whom, and how it fails */ above it`
      : [];
  });
  expect(complaints).toEqual([]);
});

test("every error code belongs to an error that is made somewhere, and stands in docs/errors.md", () => {
  const errors = src.find(({ path }) => path === "src/kernel/errors.ts")?.text ?? "";
  const codes = [...errors.matchAll(/^ {2}\| "(?<code>TROUPE_\w+)"/gm)].map(
    (match) => match.groups!["code"]!,
  );
  const docs = join(ROOT, "docs/errors.md");
  const listed = existsSync(docs) ? readFileSync(docs, "utf8") : codes.join("\n");
  const complaints = codes.flatMap((code) => {
    const name = new RegExp(
      `class (?<name>\\w+) extends TroupeError(?: implements \\w+)? \\{\\s+static readonly code = "${code}"`,
    );
    const made = name.exec(src.map(({ text }) => text).join("\n"))?.groups?.["name"];
    return [
      ...(made === undefined || !src.some((file) => file.code.includes(`new ${made}(`))
        ? [`${code}: nothing throws it; take it out, or throw it`]
        : []),
      ...(listed.includes(code) ? [] : [`${code}: say in docs/errors.md what to do about it`]),
    ];
  });
  const gone = [...listed.matchAll(/\bTROUPE_[A-Z_]+/g)]
    .map(([code]) => code)
    .filter((code) => !codes.includes(code));
  expect(codes.length).toBeGreaterThan(0);
  expect([
    ...complaints,
    ...gone.map((code) => `docs/errors.md: there is no ${code} any more`),
  ]).toEqual([]);
});
