import type { IncomingMessage } from "node:http";

/** Length that a request says its body has; `Infinity` when it comes in chunks, 0 without one. */
export function announcedBytes({ rawHeaders }: IncomingMessage): number {
  // Not `headers`: that parses all of them, which costs more than all else that is done here.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 14 && name.toLowerCase() === "content-length") {
      return Number(rawHeaders[at + 1]);
    }
    if (name.length === 17 && name.toLowerCase() === "transfer-encoding") return Infinity;
  }
  return 0;
}

/**
 * Counts what comes in chunks, whoever reads it and however; past `limit` nothing more comes.
 *
 * `push` is where a stream is filled. To listen for `data` instead would start it flowing.
 */
export function countBody(request: IncomingMessage, limit: number, onTooMuch: () => void): void {
  const push = request.push.bind(request);
  let bytes = 0;
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null || bytes > limit) return chunk === null && push(null);
    bytes += chunk.length;
    if (bytes <= limit) return push(chunk, encoding);
    onTooMuch();
    return false;
  };
}
