/**
 * How a shard comes to its file: with every record replayed, and all that was read synced.
 *
 * ```
 *   shard-0.aof ──► read ──► synced                        it is opened
 *                      └───► refused: shard-0.aof.doubt
 *                                         │ next time
 *                            shard-0.aof ◄┘ written anew
 * ```
 *
 * When a file cannot be synced, the system may call it clean all the same, and the next sync would
 * tell nothing. That lasts as long as the system remembers the file, and so does the other name.
 */
import { AppendLog } from "./append-log.ts";
import type { Command } from "./command.ts";
import type { Files } from "./files.ts";
import { LogReader } from "./log-record.ts";

/** How a log is opened that may have something in it. */
export interface Opening {
  /** Sees every record that is in it. */
  readonly replay: (record: Command) => void;
  readonly warn: (message: string) => void;
  /** Aborted when somebody else may have opened the file since: then it is not touched any more. */
  readonly signal: AbortSignal;
}

/**
 * Opens a log and reads it. What was read survives a power cut: somebody may be told of it at once.
 *
 * A torn last record, as a power cut leaves it, is cut off and `warn` told; what is no record at
 * all is for the operator to decide about, and fails.
 */
export async function openLog(files: Files, path: string, opening: Opening): Promise<AppendLog> {
  const doubt = `${path}.doubt`;
  const isInDoubt = files.existsSync(doubt) && !files.existsSync(path);
  const log = isInDoubt
    ? await writeAnew(files, path, doubt, opening)
    : await openAsItIs(files, path, doubt, opening);
  // It has been written anew, now or by one that ended before it came to this.
  if (!opening.signal.aborted && files.existsSync(doubt)) files.unlinkSync(doubt);
  return log;
}

async function openAsItIs(
  files: Files,
  path: string,
  doubt: string,
  opening: Opening,
): Promise<AppendLog> {
  const log = await AppendLog.open(files, path, opening.signal);
  return closedIfItFails(log, async () => {
    const torn = await readRecords(log, path, opening);
    opening.signal.throwIfAborted();
    if (torn.bytes > 0) log.cutTo(torn.from);
    try {
      await log.sync();
    } catch (error) {
      if (!opening.signal.aborted) files.renameSync(path, doubt);
      throw error;
    }
  });
}

async function writeAnew(
  files: Files,
  path: string,
  doubt: string,
  opening: Opening,
): Promise<AppendLog> {
  const { signal } = opening;
  const old = await AppendLog.open(files, doubt, signal);
  try {
    signal.throwIfAborted();
    const log = await AppendLog.create(files, `${path}.new`, signal);
    return await closedIfItFails(log, async () => {
      const copy = (chunk: Buffer): void => log.writeNow(chunk.toString("latin1"));
      const torn = await readRecords(old, doubt, opening, copy);
      if (torn.bytes > 0) log.cutTo(torn.from);
      await log.sync();
      signal.throwIfAborted();
      log.replace(path);
      await log.sync();
    });
  } finally {
    await old.close();
  }
}

async function closedIfItFails(log: AppendLog, work: () => Promise<void>): Promise<AppendLog> {
  try {
    await work();
    return log;
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** Answers where a torn last record begins, and how many bytes there are of it. */
async function readRecords(
  log: AppendLog,
  path: string,
  { replay, warn }: Opening,
  copy: (chunk: Buffer) => void = () => {},
): Promise<{ readonly from: number; readonly bytes: number }> {
  const reader = new LogReader();
  await log.read((chunk) => {
    for (const record of reader.feed(chunk)) replay(record);
    copy(chunk);
    return reader.fault === undefined;
  });
  const { fault, tornBytes, wholeBytes } = reader;
  if (fault !== undefined) {
    throw new Error(
      `${path} is damaged at byte ${wholeBytes} (${fault}); to go on without what follows: truncate -s ${wholeBytes} ${path}`,
    );
  }
  if (tornBytes > 0) {
    warn(`${path} ended in the middle of a record; its last ${tornBytes} bytes were cut off`);
  }
  return { from: wholeBytes, bytes: tornBytes };
}
