import { actor } from "troupe";
import { register } from "troupe/threads";

const WORDS = 2 ** 18;

/**
 * Makes hashes that are expensive, so that who has stolen them cannot try many passwords.
 *
 * After scrypt: it fills some memory, then goes through it in an order that depends on what is in it.
 * In JavaScript, so that it holds its thread; passwords that matter are for `crypto.scrypt`.
 */
export const Hasher = actor({
  name: "hasher",
  call: {
    hash(_ctx, password: string) {
      const memory = new Uint32Array(WORDS);
      let hash = 0x811c9dc5;
      for (const char of password) hash = mix(hash ^ char.codePointAt(0)!);
      for (let at = 0; at < WORDS; at++) memory[at] = hash = mix(hash + at);
      for (let round = 0; round < 3 * WORDS; round++) {
        const at = hash % WORDS;
        memory[at] = hash = mix(hash ^ memory[at]!);
      }
      return hash.toString(16);
    },
  },
});

function mix(word: number): number {
  const mixed = Math.imul(word ^ (word >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

register({ Hasher });
