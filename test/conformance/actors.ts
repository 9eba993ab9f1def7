import { register } from "troupe/threads";
import * as subject from "./actors-subject.ts";
import * as trees from "./actors-trees.ts";

/* What threads load: all the actors of this suite. */
const { Subject, Relay, OutOfStock } = subject;
const { Parent, Quiet, AllForOne, RestForOne, Strict, EndsWithAny, EndsWithAll } = trees;

register({ Subject, Relay, OutOfStock });
register({ Parent, Quiet, AllForOne, RestForOne, Strict, EndsWithAny, EndsWithAll });
