import { expect, test } from "vitest";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Project } from "./project.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const THUMBNAILS = `
import { actor, createSystem } from "troupe";
import { factory } from "troupe/pool";
const Resizer = actor({ call: { resize: (_ctx, file: string) => file.length } });
export const Thumbnails = factory({
  worker: Resizer,
  run: (worker, file: string) => worker.resize(file),
});
export const thumbnails = createSystem().spawn(Thumbnails);
`;

test("a factory is shown by its jobs and their results", { timeout: 60_000 }, async () => {
  const paths = {
    troupe: [join(ROOT, "src/index.ts")],
    "troupe/pool": [join(ROOT, "src/pool/index.ts")],
  };
  using project = new Project({ "thumbnails.ts": THUMBNAILS }, { declaration: true, paths });
  expect(await project.compile()).toBe("");
  expect(project.declarationsOf("thumbnails.d.ts")).toBe(
    `export declare const Thumbnails: import("troupe").ActorDef<import("troupe/pool").Factory<string, number>, void>;
export declare const thumbnails: import("troupe").Ref<import("troupe/pool").Factory<string, number>>;
`,
  );
});
