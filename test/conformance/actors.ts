import { register } from "troupe/threads";
import { Clerk } from "./actors-calls.ts";
import { OutOfStock, Relay, Subject } from "./actors-subject.ts";
import * as trees from "./actors-trees.ts";

/* What threads load: all the actors of this suite. */
const { Parent, Quiet, AllForOne, RestForOne, Strict, EndsWithAny, EndsWithAll } = trees;

register({ Parent, Quiet, AllForOne, RestForOne, Strict, EndsWithAny, EndsWithAll });
register({ Clerk, Subject, Relay, OutOfStock });
