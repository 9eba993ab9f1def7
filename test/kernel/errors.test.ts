import { BadInputError, MailboxFullError, ThreadError, TimeoutError } from "troupe";
import { expect, test } from "vitest";

test("an error is named by its code, whatever a minifier makes of its class", () => {
  expect(new BadInputError("no").name).toBe("BadInputError");
  expect(new MailboxFullError("a", "b", [], 1).name).toBe("MailboxFullError");
  expect(new ThreadError("a", "b").name).toBe("ThreadError");
});

test("an error that somebody derives from one of ours has a name of its own", () => {
  class TooSlow extends TimeoutError {}
  const error = new TooSlow("call", 5);
  expect(error.name).toBe("TooSlow");
  expect(error).toBeInstanceOf(TimeoutError);
});
