import { registerAll, type Registrable } from "../wire/definitions.ts";
import { serveStarter } from "./inside.ts";

/**
 * Gives definitions the names under which threads know them; call it in the module that defines
 * them, which is what threads load.
 *
 * ```ts
 * register({ Counter, Renderer, OutOfInk });
 * ```
 *
 * The names are the keys; they must be the same on both sides, as they are when both load this
 * module. Classes of errors may be among them: then a call that is refused with such an error
 * rejects with one of that class, on any thread. With `import.meta.url` as `module`, `thread()`
 * knows what to load.
 *
 * In a thread that a pool started, this is where it begins to serve; so register all that the
 * module has at its end, and await nothing at its top level before that.
 */
export function register(
  definitions: Readonly<Record<string, Registrable>>,
  module?: string,
): void {
  registerAll(definitions, module);
  serveStarter();
}
