import { simulate } from "troupe/sim";
import { scenario } from "./bank.mjs";

const { hash, seeds } = await simulate(scenario({ most: Infinity }));
console.log(`held in ${seeds} seeds: ${hash}`);
const error = await simulate({ ...scenario({ most: 20 }), print: false }).catch((caught) => caught);
console.log(`${error.name}: ${error.invariant} in seed ${error.seed}, ${error.hash}`);
