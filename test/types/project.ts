import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TSC = join(dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))), "bin/tsc");
const run = promisify(execFile);

/** A small project of a user's, in a directory of its own below this one: it imports the sources. */
export class Project implements Disposable {
  readonly #path: string;

  constructor(files: Readonly<Record<string, string>>, options: Readonly<Record<string, unknown>>) {
    mkdirSync(join(ROOT, ".build"), { recursive: true });
    this.#path = mkdtempSync(join(ROOT, ".build", "types-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#path, name), text);
    const compilerOptions = {
      noEmit: false,
      types: [],
      rootDir: ROOT,
      outDir: join(this.#path, "out"),
      paths: { troupe: [join(ROOT, "src/index.ts")] },
      ...options,
    };
    const tsconfig = {
      extends: join(ROOT, "tsconfig.base.json"),
      compilerOptions,
      files: [...Object.keys(files), join(ROOT, "src/world/globals.d.ts")],
    };
    writeFileSync(join(this.#path, "tsconfig.json"), JSON.stringify(tsconfig));
  }

  /** Compiles it; answers with what the compiler said, which is nothing when all is well. */
  async compile(): Promise<string> {
    try {
      await run(process.execPath, [TSC, "-p", this.#path]);
      return "";
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  /** The declarations that were made of a file. */
  declarationsOf(name: string): string {
    const path = join(this.#path, "out", this.#path.slice(ROOT.length), name);
    return readFileSync(path, "utf8");
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { recursive: true });
  }
}
