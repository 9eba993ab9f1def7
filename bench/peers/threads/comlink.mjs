import { parentPort } from "node:worker_threads";
import * as Comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

let n = 0;

Comlink.expose({ next: () => ++n }, nodeEndpoint(parentPort));
