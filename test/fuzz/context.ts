import type { Context } from "troupe";
import type { Actor, Book, Life, Subject } from "./book.ts";

/** What the actors of a run share, and which of them this one is. */
export interface Props {
  readonly book: Book;
  readonly actor: Actor;
}
export interface State {
  readonly life: Life;
}
export type Ctx = Context<State, Props, Subject>;

/** Runs a handler, and notes it when another one runs. */
export function oneAtATime<R>(ctx: Ctx, life: Life, run: () => R): R {
  const { book, actor } = ctx.props;
  life.running++;
  book.expect(life.running === 1, () => `${actor.label} handles two messages at a time`);
  const done = (): void => void life.running--;
  let result: R;
  try {
    result = run();
  } catch (error) {
    done();
    throw error;
  }
  if (result instanceof Promise) result.then(done, done);
  else done();
  return result;
}
