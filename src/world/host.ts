/**
 * What a host may offer beyond time and chance.
 *
 * `.` imports no `node:` module, so the Node parts are asked for at run time, through
 * `process.getBuiltinModule`, and everything here has an answer for hosts that lack them.
 */

/** A named channel of `node:diagnostics_channel`; where there is none, nobody ever listens. */
export interface DiagnosticsChannel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** A value that follows `await`, as `AsyncLocalStorage` has it. */
export interface AsyncScope<T> {
  run<R>(value: T, fn: () => R): R;
  current(): T | undefined;
}

interface AsyncLocalStorageLike<T> {
  run<R>(value: T, fn: () => R): R;
  getStore(): T | undefined;
}

interface ProcessLike {
  readonly env?: Record<string, string | undefined>;
  readonly stderr?: { write(line: string): unknown };
  exitCode?: number | string | undefined;
  exit?(code?: number): never;
  on?(event: string, listener: (...args: unknown[]) => void): unknown;
  off?(event: string, listener: (...args: unknown[]) => void): unknown;
  getBuiltinModule?(name: string): unknown;
}
interface HostGlobals {
  readonly process?: ProcessLike;
  readonly console?: { error(line: string): void };
  readonly FinalizationRegistry?: new <T>(cleanup: (held: T) => void) => {
    register(target: object, held: T): void;
  };
}
const host = globalThis as unknown as HostGlobals;

function builtin(name: string): unknown {
  return host.process?.getBuiltinModule?.(name);
}

const silent: DiagnosticsChannel = { hasSubscribers: false, publish: () => {} };

export function diagnosticsChannel(name: string): DiagnosticsChannel {
  const node = builtin("node:diagnostics_channel") as
    | { channel(name: string): DiagnosticsChannel }
    | undefined;
  return node?.channel(name) ?? silent;
}

/** Makes an async scope, or nothing where the host cannot follow an `await`. */
export function asyncScope<T>(): AsyncScope<T | undefined> | undefined {
  const node = builtin("node:async_hooks") as
    | { AsyncLocalStorage: new () => AsyncLocalStorageLike<T | undefined> }
    | undefined;
  if (node === undefined) return undefined;
  const storage = new node.AsyncLocalStorage();
  let used = false;
  return {
    run(value, fn) {
      // Storage that was never used slows no promise down: leave it asleep as long as it can be.
      if (value === undefined && !used) return fn();
      used = true;
      return storage.run(value, fn);
    },
    current: () => (used ? storage.getStore() : undefined),
  };
}

/** True unless the environment says `NODE_ENV=production`. */
export function isDevelopment(): boolean {
  return host.process?.env?.["NODE_ENV"] !== "production";
}

/** Writes one line for a person to read: to stderr where there is one. */
export function writeLine(line: string): void {
  if (host.process?.stderr !== undefined) host.process.stderr.write(`${line}\n`);
  else host.console?.error(line);
}

/** Hears an OS signal until the returned function is called; hosts without signals never fire. */
export function onOsSignal(name: string, listener: () => void): () => void {
  const { process } = host;
  process?.on?.(name, listener);
  return () => void process?.off?.(name, listener);
}

/** Ends the process, where there is one that can be ended. */
export function exitProcess(code: number): void {
  host.process?.exit?.(code);
}

/** Calls `onGone(key)` some time after the host has collected `target`; never, where it cannot tell. */
export function watchCollection<K>(onGone: (key: K) => void): (target: object, key: K) => void {
  if (host.FinalizationRegistry === undefined) return () => {};
  const registry = new host.FinalizationRegistry<K>(onGone);
  return (target, key) => registry.register(target, key);
}
