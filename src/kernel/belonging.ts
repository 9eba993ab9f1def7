/** Something that ends with the incarnation that owns it: a timer, a task, a monitor … */
export interface Belonging {
  /** Ends it; its owner forgets it by itself. */
  release(): void;
}
