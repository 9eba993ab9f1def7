/**
 * Threads, as hosts have them: `node:worker_threads` in Node, Bun and Deno, Web Workers in pages.
 *
 * What differs between them is evened out here: whoever starts a worker hears of its end once, and
 * a worker speaks first, for hosts drop what is posted to one that does not listen yet.
 */

/** What one side hears of the other. */
export interface WorkerEvents {
  onMessage(message: unknown): void;
  /** It is gone; with what it threw, and its exit code, where the host knows. Always last. */
  onEnd(end: WorkerEnd): void;
}

export interface WorkerEnd {
  readonly error?: unknown;
  readonly code?: number;
}

/** A worker, seen by who started it. */
export interface HostWorker {
  post(message: unknown, transfers: readonly object[]): void;
  /** Resolves when it is gone. */
  terminate(): Promise<void>;
}

/** The side that started this worker, seen from within it. */
export interface Starter {
  /** What it was started with; null where that comes with its first message. */
  readonly data: unknown;
  post(message: unknown, transfers: readonly object[]): void;
  /** Calls `onMessage` for each; when that answers false, the next comes after the host's next turn. */
  listen(onMessage: (message: unknown) => boolean): void;
  /** Hears what is thrown outside of everything; the worker ends after that. */
  onError(listener: (error: unknown) => void): void;
}

/** Limits of memory, as Node has them; other hosts ignore them. */
export interface ResourceLimits {
  readonly maxOldGenerationSizeMb?: number;
  readonly maxYoungGenerationSizeMb?: number;
  readonly codeRangeSizeMb?: number;
  readonly stackSizeMb?: number;
}

/** What a worker is started with. Pass all of it on to `new Worker`. */
export interface WorkerInit {
  readonly type: "module";
  readonly name: string;
  readonly workerData?: unknown;
  readonly resourceLimits?: ResourceLimits;
  readonly env?: Readonly<Record<string, string>>;
  // Arrays that could be written to are what types of hosts ask for.
  readonly argv?: string[];
  readonly execArgv?: string[];
}

/** Either host's, as far as it is used. */
interface AnyWorker {
  postMessage(message: unknown, transfers?: readonly object[]): void;
  terminate(): unknown;
  on?(event: string, listener: (value: never) => void): unknown;
  addEventListener?(event: string, listener: (event: never) => void): void;
}

interface NodePort {
  postMessage(message: unknown, transfers?: readonly object[]): void;
  on(event: "message" | "messageerror", listener: (message: unknown) => void): void;
  off?(event: "message", listener: (message: unknown) => void): void;
}

interface WorkerThreads {
  readonly isMainThread: boolean;
  readonly workerData: unknown;
  readonly parentPort: NodePort | null;
  readonly Worker: new (url: unknown, init: unknown) => AnyWorker;
}

interface FileSystem {
  existsSync(path: unknown): boolean;
}

/** A page, or a worker of one. */
interface WebGlobals {
  readonly Worker?: new (url: unknown, init: unknown) => AnyWorker;
  readonly WorkerGlobalScope?: unknown;
  readonly SharedArrayBuffer?: new (bytes: number) => SharedArrayBuffer;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly process?: {
    getBuiltinModule?(name: string): unknown;
  };
  postMessage?(message: unknown, transfers?: readonly object[]): void;
  addEventListener?(event: string, listener: (event: never) => void): void;
  close?(): void;
  setImmediate?(fn: () => void): unknown;
}
const host = globalThis as unknown as WebGlobals;

const node = host.process?.getBuiltinModule?.("node:worker_threads") as WorkerThreads | undefined;

/** False where a file that a worker is to load is known not to be there. */
export function mayExist(url: string): boolean {
  const fs = host.process?.getBuiltinModule?.("node:fs") as FileSystem | undefined;
  if (fs === undefined || !url.startsWith("file:")) return true;
  return fs.existsSync(new URL(url));
}

/** Cores that this host lets programs use. */
export function cores(): number {
  const os = host.process?.getBuiltinModule?.("node:os") as
    | { availableParallelism?(): number }
    | undefined;
  return os?.availableParallelism?.() ?? host.navigator?.hardwareConcurrency ?? 2;
}

/** Memory that all threads see; undefined where a page is not isolated enough for that. */
export function sharedIntegers(count: number): Int32Array<SharedArrayBuffer> | undefined {
  const { SharedArrayBuffer: Shared } = host;
  if (Shared === undefined) return undefined;
  return new Int32Array(new Shared(count * Int32Array.BYTES_PER_ELEMENT));
}

/** Makes the host's worker of a module; throws what the host throws. */
export function makeWorker(url: string, init: WorkerInit): unknown {
  const Kind = node?.Worker ?? host.Worker;
  if (Kind === undefined) throw new Error("this host has no workers");
  return new Kind(node === undefined ? url : new URL(url), init);
}

/** Whether that is a worker, of either kind. */
export function isWorker(made: unknown): boolean {
  if (typeof made !== "object" || made === null) return false;
  const { postMessage, terminate } = made as Partial<AnyWorker>;
  return typeof postMessage === "function" && typeof terminate === "function";
}

/** Listens to a worker that has just been made. */
export function attachWorker(made: unknown, events: WorkerEvents): HostWorker {
  const worker = made as AnyWorker;
  return worker.on === undefined ? attachWeb(worker, events) : attachNode(worker, events);
}

function attachNode(worker: AnyWorker, events: WorkerEvents): HostWorker {
  let thrown: { readonly error: unknown } | undefined;
  worker.on!("message", (message) => events.onMessage(message));
  worker.on!("error", (error) => (thrown ??= { error }));
  // A batch is lost: nothing that comes behind it can be trusted.
  worker.on!("messageerror", (error) => {
    thrown ??= { error };
    void worker.terminate();
  });
  worker.on!("exit", (code) => events.onEnd({ ...thrown, code }));
  return {
    post: (message, transfers) => worker.postMessage(message, transfers),
    terminate: async () => void (await worker.terminate()),
  };
}

/** A page hears nothing of a worker that ends, so the worker says so; `inside.ts` has the other half. */
function attachWeb(worker: AnyWorker, events: WorkerEvents): HostWorker {
  let over = false;
  const end = (how: WorkerEnd): void => {
    if (over) return;
    over = true;
    worker.terminate();
    events.onEnd(how);
  };
  worker.addEventListener!("message", ({ data }: { data: unknown }) => {
    if (isFarewell(data)) end({ error: data.farewell });
    else if (!over) events.onMessage(data);
  });
  worker.addEventListener!("error", (event: ErrorEventLike) => {
    // Deno ends whoever started a worker that failed, unless this is called.
    event.preventDefault?.();
    const why = event.message ?? "is it served, and is it JavaScript?";
    end({ error: new Error(why) });
  });
  // Bun tells of the end of a worker of its own kind.
  worker.addEventListener!("close", ({ code }: { code?: number }) =>
    end(code === undefined ? {} : { code }),
  );
  return {
    post: (message, transfers) => worker.postMessage(message, transfers),
    terminate: async () => end({}),
  };
}

interface ErrorEventLike {
  /** Undefined where the file was not loaded at all. */
  readonly message?: string;
  preventDefault?(): void;
}

/** The last words of a worker of a page. */
interface Farewell {
  readonly farewell: unknown;
}

function isFarewell(data: unknown): data is Farewell {
  return typeof data === "object" && data !== null && "farewell" in data;
}

/** The side that started this worker; null where this is no worker. */
export function starter(): Starter | null {
  // Deno has both kinds of workers, and takes one that is a page's for the main thread.
  const isWebs = typeof host.WorkerGlobalScope === "function" && host.postMessage !== undefined;
  if (isWebs) return webStarter();
  return node === undefined || node.isMainThread ? null : nodeStarter(node);
}

function nodeStarter({ parentPort, workerData }: WorkerThreads): Starter | null {
  if (parentPort === null) return null;
  return {
    // Said with `workerData` or not at all: to listen would keep somebody else's worker alive.
    data: workerData ?? undefined,
    post: (message, transfers) => parentPort.postMessage(message, transfers),
    listen: (onMessage) => listenInTurns(parentPort, onMessage),
    // The host tells whoever started it.
    onError: () => {},
  };
}

function postToPage(message: unknown, transfers: readonly object[] = []): void {
  host.postMessage!(message, transfers);
}

function sayFarewell(error: unknown): void {
  try {
    postToPage({ farewell: error } satisfies Farewell);
  } catch {
    // It holds what cannot be cloned, as functions cannot.
    postToPage({ farewell: new Error(String(error)) } satisfies Farewell);
  }
}

/**
 * Listens to a port, which hands over a thousand messages and more before anything else of the host's
 * has a turn, so that it does have one: what is not listened to waits in the port.
 */
function listenInTurns(port: NodePort, onMessage: (message: unknown) => boolean): void {
  const listener = (message: unknown): void => {
    if (onMessage(message) || port.off === undefined || host.setImmediate === undefined) return;
    port.off("message", listener);
    host.setImmediate(() => port.on("message", listener));
  };
  port.on("message", listener);
  port.on("messageerror", (error) => {
    // A batch is lost: this thread ends, and its actors begin anew on one that has missed nothing.
    throw error;
  });
}

function webStarter(): Starter {
  return {
    data: null,
    post: postToPage,
    // Pages give everybody a turn between two messages.
    listen: (onMessage) =>
      host.addEventListener!("message", ({ data }: { data: unknown }) => void onMessage(data)),
    onError(listener) {
      const fail = (event: ErrorEventLike, error: unknown): void => {
        // The other side deals with it: it is nothing for the page's console.
        event.preventDefault?.();
        listener(error);
        sayFarewell(error);
        host.close!();
      };
      host.addEventListener!("error", (event: ErrorEventLike & { error: unknown }) =>
        fail(event, event.error),
      );
      host.addEventListener!("unhandledrejection", (event: ErrorEventLike & { reason: unknown }) =>
        fail(event, event.reason),
      );
    },
  };
}
