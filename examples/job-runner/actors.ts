import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { actor, refuse } from "troupe";
import { register } from "troupe/threads";

/** What there is to know of a file. */
export interface Facts {
  readonly bytes: number;
  readonly words: number;
  readonly sha256: string;
}

/** Somebody else is writing the file: worth another try. */
export class FileBusyError extends Error {}

const PIECE_BYTES = 256 * 1024;

/** Looks at files, one at a time, and holds its thread while it does. */
export const Inspector = actor({
  name: "inspector",
  init: () => ({ piece: new Uint8Array(PIECE_BYTES) }),
  call: {
    inspect({ state: { piece } }, path: string): Facts {
      // A refusal is the caller's: the worker goes on. Whatever else is thrown here is its end.
      if (existsSync(`${path}.lock`)) throw refuse(new FileBusyError(`${path} is locked`));
      const hash = createHash("sha256");
      let [bytes, words, inWord] = [0, 0, false];
      const file = openSync(path, "r");
      try {
        for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
          bytes += read;
          hash.update(piece.subarray(0, read));
          for (let at = 0; at < read; at++) {
            const isWord = piece[at]! > 32;
            if (isWord && !inWord) words++;
            inWord = isWord;
          }
        }
      } finally {
        closeSync(file);
      }
      return { bytes, words, sha256: hash.digest("hex") };
    },
  },
});

register({ Inspector, FileBusyError });
