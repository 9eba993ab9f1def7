/**
 * The small part of `node:fs` that the server uses. `node:fs` itself is one; a test or a simulation
 * gives another, whose power can be cut.
 */
export interface Files {
  existsSync(path: string): boolean;
  mkdirSync(path: string, options: { readonly recursive: true }): unknown;
  readFileSync(path: string, encoding: "utf8"): string;
  writeFileSync(path: string, text: string, options: { readonly flush: true }): void;
  openSync(path: string, flags: "r"): number;
  fsyncSync(fd: number): void;
  closeSync(fd: number): void;
  /** May write less than there is: answers how many bytes. At the end, where the file was opened so. */
  writeSync(fd: number, text: string, position: null, encoding: "latin1"): number;
  ftruncateSync(fd: number, bytes: number): void;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  readonly promises: {
    /** For reading and appending: `a+` makes what is not there, `ax+` fails where there is something. */
    open(path: string, flags: "r" | "a+" | "ax+", mode?: number): Promise<OpenFile>;
  };
}

export interface OpenFile {
  readonly fd: number;
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}
