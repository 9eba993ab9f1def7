/** Prototypes of what structured clone takes as a whole. Here, because a rule of the house lets nobody else name `Date`. */
export const CLONABLE: ReadonlySet<unknown> = new Set<unknown>(
  [Date, RegExp, ArrayBuffer, Boolean, Number, String].map((kind) => kind.prototype),
);
