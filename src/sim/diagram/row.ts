import { columnsOf } from "./glyphs.ts";

/** A line that is being drawn; what is put later covers what was there. */
export class Row {
  readonly #cells: string[] = [];

  has(x: number): boolean {
    return (this.#cells[x] ?? " ") !== " ";
  }

  at(x: number): string | undefined {
    return this.#cells[x];
  }

  put(x: number, text: string): void {
    while (this.#cells.length < x) this.#cells.push(" ");
    let at = x;
    for (const character of text) {
      const columns = columnsOf(character);
      if (columns === 0) {
        if (at > 0) this.#cells[at - 1] += character;
        continue;
      }
      this.#cells[at++] = character;
      if (columns === 2) this.#cells[at++] = "";
    }
  }

  text(): string {
    return this.#cells.join("").trimEnd();
  }
}
