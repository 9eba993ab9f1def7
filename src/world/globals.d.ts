/**
 * The web globals that `.` may use: what Node, browsers, Bun and Deno all have.
 *
 * The core compiles with no DOM and no Node types, so that a stray `process` or `node:` import is
 * a compile error. What is missing here is missing on purpose: time and chance come from `World`,
 * what else a host has to offer comes from `world/host.ts`.
 */
interface AbortSignalEventMap {
  abort: unknown;
}
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
  throwIfAborted(): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
interface SymbolConstructor {
  readonly asyncDispose: unique symbol;
  readonly dispose: unique symbol;
}
interface AsyncDisposable {
  [Symbol.asyncDispose](): PromiseLike<void>;
}
interface Disposable {
  [Symbol.dispose](): void;
}
declare function structuredClone<T>(
  value: T,
  options?: { readonly transfer?: readonly object[] },
): T;
declare class URL {
  constructor(url: string | URL, base?: string | URL);
  readonly href: string;
}
