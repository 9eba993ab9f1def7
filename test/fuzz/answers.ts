import { refuse, type Reply } from "troupe";
import type { Message } from "./book.ts";
import type { Ctx } from "./context.ts";
import type { Ask } from "./plan.ts";

/** What a call is answered with, in each of the ways that there are. */
export function answer(
  ctx: Ctx,
  message: Message,
  ask: Ask,
): number | Reply<number> | Promise<number | Reply<number>> {
  const { book } = ctx.props;
  switch (ask.do) {
    case "answer":
      return message.answer;
    case "answerLater":
      return book.sleep(ask.ms).then(() => message.answer);
    case "refuse":
      throw refuse(new Error("refused"));
    case "fail":
      throw new Error("told to fail in a call");
    case "failLater":
      return book.sleep(ask.ms).then(() => {
        throw new Error("told to fail in a call later");
      });
    case "never":
      return ctx.defer<number>();
    case "stash":
      ctx.stash();
      return message.answer;
    case "deferred": {
      const reply = ctx.defer<number>();
      void book.sleep(ask.ms).then(() => reply.resolve(message.answer));
      return reply;
    }
    case "forward": {
      const other = book.actor(ask.to)!;
      const passed = book.message(ctx.props.actor, other, message.answer);
      return ctx.forward(other.ref).ask(passed, { do: "answer" });
    }
    case "handOver": {
      const reply = ctx.defer<number>();
      reply.handTo(book.actor(ask.to)!.ref);
      return reply;
    }
  }
}
