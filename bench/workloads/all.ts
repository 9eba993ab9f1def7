import type { Workload } from "../workload.ts";
import { big } from "./big.ts";
import { call1000, callSeq } from "./call.ts";
import { castAsync } from "./cast-async.ts";
import { cast } from "./cast.ts";
import { flood } from "./flood.ts";
import { memory } from "./memory.ts";
import { pingPong } from "./ping-pong.ts";
import { ring } from "./ring.ts";
import { skynet } from "./skynet.ts";
import { spawnStop } from "./spawn-stop.ts";

/** In the order of the table. */
export const workloads: readonly Workload[] = [
  cast,
  castAsync,
  pingPong,
  callSeq,
  call1000,
  ring,
  big,
  spawnStop,
  skynet,
  memory,
  flood,
];
