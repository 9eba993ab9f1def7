import type { Topic } from "../names/topics.ts";
import { checkName } from "./options.ts";

/** Names a topic. `T` is the type of its events. */
export function topic<T>(name: string): Topic<T> {
  checkName("topic: name", name);
  return { name };
}
