import { resolve } from "node:path";
import { open, stat, type FileHandle } from "node:fs/promises";
import { BadInputError, type InitContext } from "../index.ts";
import { checkName, checkNumber, checkOneOf } from "../kernel/options.ts";
import { whenOver } from "../kernel/when-over.ts";
import { FileWriter } from "./file-writer.ts";

/**
 * A file that is written to: a sink for one actor.
 *
 * ```ts
 * const file = await openSink(ctx, "events.log");
 * if (!file.write(line)) await file.drained();
 * ```
 */
export interface FileSink {
  readonly path: string;
  /** False once nothing can be written any more. */
  readonly isOpen: boolean;
  /** What broke it, such as `ENOSPC`, if something did. */
  readonly error: Error | undefined;
  /** Bytes that wait for the host to take them; after an error, those that were lost. */
  readonly unwrittenBytes: number;
  /** Bytes that the host has taken. */
  readonly writtenBytes: number;
  /**
   * Writes bytes, or text as UTF-8; all of it, in the order of the calls.
   *
   * Answers false when so much waits that `drained` should be awaited. Bytes are not copied: leave
   * them alone until they are written. After an error, which has been told, what is written is
   * dropped. Throws when the sink has been ended, or its actor's incarnation is over.
   */
  write(data: string | Uint8Array): boolean;
  /** Resolves when the host has taken what was written; rejects with `error` where it cannot. */
  drained(): Promise<void>;
  /** As `drained`, and it is on the disk. Rejects, too, when the sink has been ended. */
  sync(): Promise<void>;
  /** Writes what waits, and `data`, then closes the file. Rejects with `error`; may be repeated. */
  end(data?: string | Uint8Array): Promise<void>;
}

/** How a file is opened to be written, and how much may wait. */
export interface SinkOptions {
  /**
   * `append` (default) writes behind what there is, `truncate` throws that away, `create` fails
   * with `EEXIST` where there is a file. The first two make the file where there is none.
   */
  readonly how?: "append" | "truncate" | "create";
  /** Permissions of a file that is made. Default 0o666, less the process's mask. */
  readonly mode?: number;
  /** Bytes that wait until `write` says to wait. Default 64 KiB. */
  readonly writeBytes?: number;
  /** With more that waits, the next write fails the sink. Default 64 MiB. */
  readonly unwrittenBytes?: number;
  /** Gets the error, as a message, when writing fails. Without it, the actor fails. */
  readonly onError?: (error: unknown) => unknown;
}

const FLAGS = { append: "a", truncate: "w", create: "wx" } as const;

/** Sinks that are being closed, by path: who opens the file again comes behind what they write. */
const closing = new Map<string, Set<Promise<void>>>();

/**
 * Opens a file to write to. It belongs to the actor, and is closed with its incarnation.
 *
 * It can still be written to in the `exit` hook. What was written by then is written first, also
 * after a kill, and before the next incarnation opens the same file. Await `file.end()` in that
 * hook where the process may end with the actor. Rejects with the host's error, such as `EACCES`;
 * one that fails later fails its actor, as a source does, or tells `onError`.
 */
export async function openSink(
  ctx: Pick<InitContext, "signal" | "task" | "log">,
  path: string,
  options: SinkOptions = {},
): Promise<FileSink> {
  checkOptions(path, options);
  const { signal, log } = ctx;
  const { writeBytes = 1 << 16, unwrittenBytes = 1 << 26, onError } = options;
  const place = resolve(path);
  const others = closing.get(place);
  if (others !== undefined) await Promise.all(others);
  signal.throwIfAborted();
  const file = await openToWrite(place, options);
  if (signal.aborted) await file.close();
  signal.throwIfAborted();
  const writer = new FileWriter(path, file, { writeBytes, unwrittenBytes }, (end) =>
    noteClosing(place, end),
  );
  ctx.task(writer.closed, undefined, onError === undefined ? {} : { onError });
  const forget = whenOver(ctx, () => {
    const wasWell = writer.error === undefined;
    writer.leave(signal.reason).catch((error: unknown) => {
      // Its actor hears nothing any more.
      if (wasWell) log.error("a file was not written to its end", { path, error: String(error) });
    });
  });
  writer.closed.then(forget, forget);
  return writer;
}

function checkOptions(path: string, options: SinkOptions): void {
  checkName("openSink: path", path ?? "");
  checkOneOf("openSink: how", options.how, Object.keys(FLAGS));
  checkNumber("openSink: writeBytes", options.writeBytes, 1, "bytes");
  checkNumber("openSink: unwrittenBytes", options.unwrittenBytes, 1, "bytes");
}

async function openToWrite(path: string, options: SinkOptions): Promise<FileHandle> {
  const { how = "append", mode = 0o666 } = options;
  const there = await stat(path).catch(() => null);
  if (there?.isFIFO() === true) {
    throw new BadInputError(
      `openSink: ${path} is a named pipe, and opening it waits for a reader; give a file, or run a program that writes to it`,
    );
  }
  return open(path, FLAGS[how], mode);
}

function noteClosing(place: string, end: Promise<void>): void {
  const before = closing.get(place);
  const all = before ?? new Set();
  if (before === undefined) closing.set(place, all);
  const done = end
    .catch(() => {})
    .then(() => {
      all.delete(done);
      if (all.size === 0 && closing.get(place) === all) closing.delete(place);
    });
  all.add(done);
}
