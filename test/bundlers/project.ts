import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const APP = fileURLToPath(new URL("app/", import.meta.url));
/** The guide, whose configurations are what is tried here. */
const GUIDE = "docs/guides/threads-bundlers.md";

/** How a child process ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user's project: the program as JavaScript, `troupe` as it was built, and a bundler's configuration. */
export class Project {
  readonly folder: string;

  private constructor(name: string) {
    this.folder = join(ROOT, ".build/bundlers", name);
  }

  static async make(name: string): Promise<Project> {
    const project = new Project(name);
    rmSync(project.folder, { recursive: true, force: true });
    for (const path of ["src", "node_modules"]) {
      mkdirSync(join(project.folder, path), { recursive: true });
    }
    symlinkSync(ROOT, join(project.folder, "node_modules/troupe"));
    project.write("package.json", JSON.stringify({ type: "module" }));
    for (const file of readdirSync(APP)) {
      const { code } = await transform(readFileSync(join(APP, file), "utf8"), { loader: "ts" });
      project.write(`src/${file.replace(".ts", ".js")}`, code.replaceAll('.ts"', '.js"'));
    }
    return project;
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Takes a file from the guide: its block that begins with a comment of that name. */
  writeFromGuide(path: string): void {
    this.write(path, guideBlock("js", `// ${path}`));
  }

  /** Runs a command of the guide, which begins like this, with other files for those it names. */
  runFromGuide(
    beginning: string,
    instead: (line: string) => string = (line) => line,
  ): Promise<Outcome> {
    const command = instead(guideBlock("sh", beginning)).replaceAll(/\\\n/g, " ").trim();
    const [program = "", ...args] = command.replace(/^npx /, "").split(/\s+/);
    return this.bin(program, ...args);
  }

  /** Runs a program of a package. */
  bin(program: string, ...args: readonly string[]): Promise<Outcome> {
    return this.#start(join(ROOT, "node_modules/.bin", program), args);
  }

  node(...args: readonly string[]): Promise<Outcome> {
    return this.#start(process.execPath, args);
  }

  #start(program: string, args: readonly string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      execFile(program, args, { cwd: this.folder, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  }
}

function guideBlock(language: string, beginning: string): string {
  const guide = readFileSync(join(ROOT, GUIDE), "utf8");
  const start = guide.indexOf(`\`\`\`${language}\n${beginning}`);
  const end = guide.indexOf("\n```", start);
  if (start < 0 || end < 0) throw new Error(`${GUIDE} has no block that begins: ${beginning}`);
  return guide.slice(start + language.length + 4, end + 1);
}
