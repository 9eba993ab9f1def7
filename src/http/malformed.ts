import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** What the host found wrong with what should have been a request, and the status for it. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** True for what was no request, and not for a connection that broke. */
export function isMalformed({ code = "" }: NodeJS.ErrnoException): boolean {
  return code.startsWith("HPE_") || code in STATUSES;
}

interface Answering extends Duplex {
  /** Node's: the response that is being written to this socket. */
  readonly _httpMessage?: { readonly headersSent: boolean } | null;
}

/** Answers what cannot be read as a request, where that can be told apart, and closes. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Answering): void {
  if (socket.writable && socket._httpMessage?.headersSent !== true) {
    const status = STATUSES[error.code ?? ""] ?? 400;
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
  }
  socket.destroy(error);
}
