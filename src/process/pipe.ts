/** What can be piped into: a program's input, a file's sink, a connection. */
export interface ByteSink {
  readonly isOpen: boolean;
  write(data: Uint8Array): boolean;
  drained(): Promise<void>;
  end(): unknown;
}

/** What happens at the end of a pipe. */
export interface PipeOptions {
  /** Ends the sink when the source has ended. Default true. */
  readonly end?: boolean;
}

/**
 * Writes what a source yields into a sink, at the sink's pace; resolves with the bytes written.
 *
 * ```ts
 * ctx.task(pipe(producer.stdout, consumer.stdin)); // producer | consumer
 * ```
 *
 * It ends with the source, and ends the sink then. Where the sink takes no more, the source is
 * closed: a program that goes on writing fails or is ended by `SIGPIPE`, as in a shell. That is
 * noticed with the next piece. Rejects with what the source or the sink fails with.
 */
export async function pipe(
  source: AsyncIterable<Uint8Array> & { close?(): void },
  sink: ByteSink,
  options: PipeOptions = {},
): Promise<number> {
  let bytes = 0;
  let isRead = false;
  try {
    for await (const chunk of source) {
      if (!sink.isOpen) return bytes;
      bytes += chunk.length;
      if (!sink.write(chunk)) await sink.drained();
    }
    isRead = true;
  } finally {
    // Whoever still writes is to notice.
    if (!isRead) source.close?.();
    if (options.end !== false) await sink.end();
  }
  return bytes;
}
