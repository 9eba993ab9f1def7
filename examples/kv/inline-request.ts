/**
 * Splits a line as a person types it: words, "double quotes" with escapes, 'single quotes'.
 *
 * Returns undefined when a quote is left open, or when a word touches a closing quote: the rules of
 * Redis.
 */
export function splitInline(text: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (isSpace(text[at])) at++;
    if (at >= text.length) return words;
    let word = "";
    while (at < text.length && !isSpace(text[at])) {
      const quote = text[at];
      if (quote !== '"' && quote !== "'") {
        word += quote;
        at++;
        continue;
      }
      const quoted = quote === '"' ? readDouble(text, at + 1) : readSingle(text, at + 1);
      if (quoted === undefined) return undefined;
      word += quoted.text;
      at = quoted.end;
      // Redis ends the word at its closing quote, and wants to see a space there.
      if (at < text.length && !isSpace(text[at])) return undefined;
    }
    words.push(word);
  }
}

interface Quoted {
  readonly text: string;
  /** Behind the closing quote. */
  readonly end: number;
}

function readDouble(text: string, from: number): Quoted | undefined {
  let word = "";
  for (let at = from; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') return { text: word, end: at + 1 };
    if (char !== "\\" || at + 1 >= text.length) {
      word += char;
      continue;
    }
    const hex = /^x[\da-f]{2}/i.exec(text.slice(at + 1, at + 4));
    if (hex === null) {
      at += 1;
      word += ESCAPES.get(text[at]!) ?? text[at]!;
    } else {
      word += String.fromCharCode(Number.parseInt(hex[0].slice(1), 16));
      at += 3;
    }
  }
  return undefined;
}

function readSingle(text: string, from: number): Quoted | undefined {
  let word = "";
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") return { text: word, end: at + 1 };
    if (text[at] === "\\" && text[at + 1] === "'") at += 1;
    word += text[at]!;
  }
  return undefined;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["b", "\b"],
  ["a", "\x07"],
]);

function isSpace(char: string | undefined): boolean {
  return char !== undefined && /^[ \t\n\v\f\r]$/.test(char);
}
