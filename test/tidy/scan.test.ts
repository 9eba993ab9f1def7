import { expect, test } from "vitest";
import { scan } from "./scan.ts";

const code = (source: string): string => scan(source).code.replaceAll(/ +/g, " ").trim();
const comments = (source: string): string => scan(source).comments.replaceAll(/ +/g, " ").trim();

test("comments and texts are told from code", () => {
  expect(code(`a(); // Date\nb("Date", 'it\\'s', c); /* Date\n*/ d();`)).toBe(
    "a(); \nb( , , c); \n d();",
  );
  expect(comments(`a(); // one\nb("// no"); /* two */`)).toBe("// one\n /* two */");
});

test("a template is text, and what stands in its braces is code", () => {
  expect(code("f(`Date ${a.b({ c: `in ${d} ner` })} Date`, e);")).toBe("f( a.b({ c: d }) , e);");
  expect(code("f(`\\` ${x} \\${Date}`) + y")).toBe("f( x ) + y");
});

test("a regular expression is text, and a division is not", () => {
  expect(code('x.replace(/["`/*]/g, y) / 2 / z')).toBe("x.replace( , y) / 2 / z");
  expect(code("const half = a / 2; // b / c")).toBe("const half = a / 2;");
});

test("places stay the same", () => {
  const source = 'const a = "x\\n"; // y\nconst b = `\n${c}`;\n';
  expect(scan(source).code).toHaveLength(source.length);
  expect(scan(source).code.split("\n")).toHaveLength(source.split("\n").length);
});
