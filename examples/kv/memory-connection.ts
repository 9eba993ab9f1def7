/**
 * A connection within one process: the server's end is what it has from a socket otherwise, and the
 * client's end is here too. It has no buffers, no limits and no time of its own.
 */
import type { Connection, Endpoint } from "troupe/net";
import { bulkArray } from "./resp.ts";

const END: IteratorResult<Buffer> = { done: true, value: undefined };

interface Request {
  readonly resolve: (reply: string) => void;
  readonly reject: (error: Error) => void;
}

export class MemoryConnection implements Connection {
  readonly id: number;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly unsentBytes = 0;
  error: Error | undefined;
  isOpen = true;
  /** Called when the server has read all that the client sent, and the client has closed. */
  onReadToEnd: () => void = () => {};
  #chunks: Buffer[] = [];
  #hasEnded = false;
  #reader: ((step: IteratorResult<Buffer>) => void) | undefined;
  #unread = "";
  #requests: Request[] = [];

  constructor(id: number, local: Endpoint) {
    this.id = id;
    this.local = local;
    this.remote = { address: local.address, port: id };
  }

  /** The client's: sends a command; resolves with its reply, in RESP, or rejects with the connection's end. */
  request(...args: string[]): Promise<string> {
    this.send(bulkArray(args));
    return this.receive();
  }

  /** The client's: sends bytes as they are, part of a command or many. */
  send(bytes: string): void {
    if (this.#hasEnded) return;
    const chunk = Buffer.from(bytes, "latin1");
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) this.#chunks.push(chunk);
    else reader({ done: false, value: chunk });
  }

  /** The client's: what the server writes next, in one piece; that of a small chunk is all its replies. */
  receive(): Promise<string> {
    const text = this.#unread;
    this.#unread = "";
    if (text !== "") return Promise.resolve(text);
    return new Promise((resolve, reject) => {
      if (this.isOpen) this.#requests.push({ resolve, reject });
      else reject(this.error ?? new Error("the connection is closed"));
    });
  }

  /** The client's: it sends nothing more. */
  close(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) return;
    reader(END);
    this.onReadToEnd();
  }

  get unreadBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  write(data: string | Uint8Array, encoding: "utf8" | "latin1" = "utf8"): boolean {
    if (!this.isOpen) return false;
    const bytes = typeof data === "string" ? Buffer.from(data, encoding) : Buffer.from(data);
    const text = bytes.toString("latin1");
    if (text === "") return true;
    const request = this.#requests.shift();
    if (request === undefined) this.#unread += text;
    else request.resolve(text);
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  end(data?: string | Uint8Array, encoding?: "utf8" | "latin1"): void {
    if (data !== undefined) this.write(data, encoding);
    this.isOpen = false;
    const requests = this.#requests;
    this.#requests = [];
    for (const { reject } of requests) {
      reject(this.error ?? new Error("the connection was closed before the reply came"));
    }
  }

  destroy(): void {
    this.error ??= new Error("the connection was reset");
    this.end();
    this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return {
      next: () => this.#next(),
      return: () => {
        this.#reader?.(END);
        this.#reader = undefined;
        return Promise.resolve(END);
      },
    };
  }

  #next(): Promise<IteratorResult<Buffer>> {
    const value = this.#chunks.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#hasEnded) {
      this.onReadToEnd();
      return Promise.resolve(END);
    }
    return new Promise((resolve) => (this.#reader = resolve));
  }
}
