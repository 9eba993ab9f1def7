import { register } from "troupe/threads";
import { Boss } from "./actors-acts.ts";
import {
  Counting,
  Dynamic,
  Echoing,
  Loop,
  Parts,
  Tree,
  Valve,
  Words,
} from "./actors-behaviours.ts";
import { Clerk } from "./actors-calls.ts";
import { Inner } from "./actors-inner.ts";
import { Trapper, Watcher } from "./actors-links.ts";
import { OutOfStock, Relay, Subject } from "./actors-subject.ts";
import * as trees from "./actors-trees.ts";
import { Checked, Store } from "./actors-values.ts";

/* What threads load: all the actors of this suite. */
const { Parent, Quiet, AllForOne, RestForOne, Strict, EndsWithAny, EndsWithAll } = trees;

register({ Parent, Quiet, AllForOne, RestForOne, Strict, EndsWithAny, EndsWithAll });
register({ Trapper, Watcher });
register({ Clerk, Subject, Relay, OutOfStock });
register({ Store, Checked, Inner });
register({ Loop, Counting, Words, Echoing, Tree, Dynamic, Parts, Valve });
register({ Boss });
