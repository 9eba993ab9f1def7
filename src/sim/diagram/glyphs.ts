/*
 * How much room a text takes in a terminal. Near enough for a drawing: what terminals do with
 * joined emoji and rare scripts differs anyway.
 */

/** Control and format characters, lone surrogates, and what would break a line. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const COMBINING = /^[\p{Mn}\p{Me}]$/u;
/** East Asian wide and full-width blocks, and what is an emoji of its own accord. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;
const PLAIN = /^[ -~]*$/;

/** The columns that one character takes: 0, 1 or 2. */
export function columnsOf(character: string): number {
  if (PLAIN.test(character)) return 1;
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The columns that a text takes in one line. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** One line of it, without anything that a terminal would act upon. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(UNSEEN, "");
}

/** As much of the start as there is room for, with … where something is missing. */
export function cut(text: string, room: number): string {
  // Each character has at most two code units; combining ones without end need no room.
  const enough = text.length > 8 * room + 64 ? text.slice(0, 8 * room + 64) : text;
  if (enough === text && widthOf(text) <= room) return text;
  return room < 1 ? "" : `${take(enough, room - 1)}…`;
}

/** Cut in the middle: of a label, the end tells it from others. */
export function cutMiddle(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  if (room < 4) return cut(text, room);
  const head = take(text, (room - 1) >> 1);
  const end = take(reversed(text), room - 1 - widthOf(head));
  return `${head}…${reversed(end)}`;
}

function take(text: string, room: number): string {
  let taken = "";
  let left = room;
  for (const character of text) {
    left -= columnsOf(character);
    if (left < 0) break;
    taken += character;
  }
  return taken;
}

function reversed(text: string): string {
  return Array.from(text).toReversed().join("");
}
