/** What each thread loads, and who asks for shards on threads as well: both know them by their name. */
import { register } from "troupe/threads";
import { Shard } from "./shard-actor.ts";

export const SHARD_MODULE: string = import.meta.url;

register({ Shard });
