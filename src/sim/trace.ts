import { mix } from "./chance.ts";

const PRIME_A = 0x9e3779b1;
const PRIME_B = 0x85ebca77;

/** The bits of a number: two numbers hash alike only where they are the same. */
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

export function hashNumber(value: number): number {
  // Not a number is one value here, whatever the engine keeps in its spare bits.
  float[0] = value !== value ? 0.1 : value;
  return mix(words[0]! ^ Math.imul(words[1]!, PRIME_A));
}

/** FNV-1a over UTF-16 units, of the first 64: enough to tell arguments apart, bounded for logs. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5 ^ text.length;
  const length = Math.min(text.length, 64);
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** What an argument adds to a trace: its value where that is cheap to say, else its type. */
export function hashValue(value: unknown): number {
  switch (typeof value) {
    case "number":
      return hashNumber(value);
    case "string":
      return hashText(value);
    case "boolean":
      return value ? 0x51ed270b : 0x2545f491;
    case "undefined":
      return 0x1b873593;
    default:
      return value === null ? 0x3c6ef372 : 0x6a09e667;
  }
}

/** A rolling hash of 64 bits over a sequence of 32-bit words. */
export class RollingHash {
  #a = 0x243f6a88;
  #b = 0x13198a2e;

  add(word: number): void {
    const a = Math.imul(this.#a ^ word, PRIME_A);
    this.#a = a ^ (a >>> 15);
    const b = Math.imul((this.#b + word) | 0, PRIME_B);
    this.#b = b ^ (b >>> 13);
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    return hex(mix(this.#a)) + hex(mix(this.#b ^ this.#a));
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
