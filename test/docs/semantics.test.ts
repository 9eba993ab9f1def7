import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/*
 * docs/semantics.md links each promise to tests: `[kernel/kill](../test/kernel/kill.test.ts)
 * “title”, “title”`. A title here is any text between quotes that the file has, so that a group of
 * tests can be named, and the fixed part of a title with parameters.
 */
const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));
const TESTS = fileURLToPath(new URL("../", import.meta.url));
const text = readFileSync(join(DOCS, "semantics.md"), "utf8");

/** The text of every test, by its path as the document links it. */
const tests = new Map(
  readdirSync(TESTS, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => [relative(DOCS, join(TESTS, path)), readFileSync(join(TESTS, path), "utf8")]),
);

interface Link {
  readonly file: string;
  readonly title: string;
}

function linksOf(markdown: string): Link[] {
  const links: Link[] = [];
  for (const [, file = "", titles = ""] of markdown.matchAll(/\]\(([^)]+\.test\.ts)\)([^[]*)/g)) {
    for (const [, title = ""] of titles.matchAll(/“([^”]+)”/g)) {
      links.push({ file, title: title.replaceAll(/\s+/g, " ") });
    }
  }
  return links;
}

const links = linksOf(text);

describe("each test that a promise names is there", () => {
  test.for(links)("$file: $title", ({ file, title }) => {
    const found = [...tests].filter(([, source]) => source.includes(title)).map(([path]) => path);
    // Tests move: the failure says where the title is now.
    expect(found).toContain(file);
  });
});

test("every promise names a test", () => {
  const promises = text.split(/^(?=\*\*\d+\.\d+)/m).slice(1);
  const bare = promises.filter((promise) => linksOf(promise.split(/^## /m)[0] ?? "").length === 0);
  expect(bare.map((promise) => promise.split("\n")[0])).toEqual([]);
});

test("the promises are numbered without a gap", () => {
  const numbers = [...text.matchAll(/^\*\*(\d+)\.(\d+)/gm)].map(([, section, n]) => [section, n]);
  const expected = numbers.map(([section], i) => {
    const first = numbers.findIndex(([other]) => other === section);
    return [section, String(i - first + 1)];
  });
  expect(numbers).toEqual(expected);
});

test("links and their titles are found, also over the end of a line", () => {
  const sample =
    "> [kernel/kill](../test/kernel/kill.test.ts) “one\n  two”, “three”; [a](b.test.ts) “4”";
  expect(linksOf(sample)).toEqual([
    { file: "../test/kernel/kill.test.ts", title: "one two" },
    { file: "../test/kernel/kill.test.ts", title: "three" },
    { file: "b.test.ts", title: "4" },
  ]);
});
