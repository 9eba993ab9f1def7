/** A mistake that somebody might make in our sources, to see whether a simulation finds it. */
export interface Mistake {
  /** What goes wrong, as a reader of the code would say it. */
  readonly name: string;
  /** How a programmer may have come to it. */
  readonly why: string;
  /** From the root of the project: `src/kernel/turn.ts`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Whose simulation is to find it: a name in `scenarios.ts`. */
  readonly model: string;
}

/** The file with the mistake in it. Throws where the file has changed so that the patch is stale. */
export function plant({ name, file, find, replace }: Mistake, text: string): string {
  const pieces = text.split(find);
  if (pieces.length === 2) return pieces.join(replace);
  const where = pieces.length === 1 ? nearest(text, find) : "make the text to find longer";
  throw new Error(
    `"${name}": ${file} has the text to replace ${pieces.length - 1} times, and it must be once; ${where}`,
  );
}

/** Where the longest line of a stale patch that is still in the file stands. */
function nearest(text: string, find: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const wanted = find
    .split("\n")
    .map((line) => line.trim())
    .toSorted((a, b) => b.length - a.length);
  for (const line of wanted) {
    const at = lines.indexOf(line);
    if (line !== "" && at >= 0) return `line ${at + 1} is still as it was: ${line}`;
  }
  return `no line of it is left; it began with: ${find.trim().split("\n")[0]}`;
}
