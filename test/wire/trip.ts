import { Unpacker, type Refs } from "../../src/wire/codec.ts";
import { Packer } from "../../src/wire/packer.ts";

/** Refs that are their own numbers: nothing here asks for an actor. */
const NO_REFS: Refs = { pack: () => [0], unpack: () => "a ref" };

export function makePacker(): Packer {
  return new Packer(NO_REFS);
}

/** A value as it arrives in another node. */
export function trip(value: unknown): unknown {
  const packer = makePacker();
  const packed = packer.pack(value, "it");
  const { specials, transfers } = packer;
  const [there, beside] = structuredClone([packed, specials] as const, {
    transfer: transfers as ArrayBuffer[],
  });
  packer.next();
  return new Unpacker(beside, NO_REFS).unpack(there);
}
