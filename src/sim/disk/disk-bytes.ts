import { outOfRange } from "./disk-error.ts";
import type { DiskData } from "./disk-types.ts";

/** A copy: what is written must not change when its owner goes on using it. */
export function bytesOf(data: DiskData, encoding?: BufferEncoding | null): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, encoding ?? "utf8");
  return Buffer.from(whole(data));
}

/** A part of a view, that shares its memory; refused as node does where the view is shorter. */
export function part(
  view: NodeJS.ArrayBufferView,
  offset?: number | null,
  length?: number | null,
): Uint8Array {
  const bytes = whole(view);
  const from = offset ?? 0;
  if (from < 0 || from > bytes.length) {
    throw outOfRange("offset", `>= 0 && <= ${bytes.length}`, from);
  }
  const left = bytes.length - from;
  const count = length ?? left;
  if (count < 0 || count > left) throw outOfRange("length", `>= 0 && <= ${left}`, count);
  return bytes.subarray(from, from + count);
}

function whole(view: NodeJS.ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
