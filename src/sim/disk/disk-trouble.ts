import type { Chance } from "../chance.ts";
import type { DiskFaults, MsRange } from "./disk-faults.ts";
import type { Survival } from "./disk-inode.ts";
import type { DiskHost } from "./disk-types.ts";

/** What a power cut took of the changes that were not synced: all but the first, or some of them. */
interface Loss {
  readonly keep?: number;
  readonly lost?: readonly number[];
  /** So many bytes of the first write that was lost are there all the same. */
  readonly torn?: number;
}

const ALL: Survival = { survives: () => true, tornBytes: 0 };

/** Decides what goes wrong. Nothing is asked of the host where the answer can only be: nothing. */
export class DiskTrouble {
  readonly #host: DiskHost;
  #faults: DiskFaults;

  constructor(host: DiskHost, faults: DiskFaults) {
    this.#host = host;
    this.#faults = faults;
  }

  /** From now on nothing goes wrong. */
  calm(): void {
    this.#faults = { loseUnsynced: false };
  }

  /** Bytes that all files together may have. */
  get capacityBytes(): number {
    return this.#faults.capacityBytes ?? Infinity;
  }

  readFails(place: Place): boolean {
    return this.#happens("disk.failedRead", this.#faults.failedRead, place);
  }

  writeFails(place: Place): boolean {
    return this.#happens("disk.failedWrite", this.#faults.failedWrite, place);
  }

  isFull(place: Place): boolean {
    return this.#happens("disk.full", this.#faults.full, place);
  }

  /** How many of the bytes are written. */
  taken(place: Place, length: number): number {
    const { shortWrite } = this.#faults;
    if (!shortWrite || length < 2) return length;
    const taken = this.#host.decide("disk.short", place.path, (chance) =>
      chance.bool(shortWrite) ? chance.int(1, length - 1) : undefined,
    );
    return within(taken, 1, length);
  }

  /** How much longer a sync takes. */
  slowMs(place: Place): number {
    const { slowSync } = this.#faults;
    if (slowSync === undefined || slowSync.chance === 0) return 0;
    const slow = this.#host.decide("disk.slowSync", place.path, (chance) =>
      chance.bool(slowSync.chance) ? draw(chance, slowSync.ms) : undefined,
    );
    return within(slow, 0, Infinity, 0);
  }

  /** How many of the changes a sync writes before it fails; undefined when it does not. */
  keptByFailedSync(place: Place, unsynced: number): number | undefined {
    const { failedSync } = this.#faults;
    if (!failedSync) return undefined;
    const failed = this.#host.decide("disk.failedSync", place.path, (chance) =>
      chance.bool(failedSync) ? { kept: chance.int(0, unsynced) } : undefined,
    );
    return failed === undefined ? undefined : within(failed.kept, 0, unsynced);
  }

  /** How long something takes; the least where nothing else was decided. */
  latencyMs(kind: string, place: Place, range: MsRange): number {
    if (typeof range === "number") return range;
    const [least, most] = range;
    if (least === most) return least;
    const taken = this.#host.decide(kind, place.path, (chance) => draw(chance, range));
    return within(taken, 0, Infinity, least);
  }

  /** What of a file's changes is left after a power cut. `lengthOf` says how long a write is. */
  survival(
    kind: "disk.lost" | "disk.lostNames",
    place: Place,
    unsynced: number,
    lengthOf: (index: number) => number = () => 0,
  ): Survival {
    if (unsynced === 0 || this.#faults.loseUnsynced === false) return ALL;
    const { reorder = false, torn = 0.5 } = this.#faults;
    const loss = this.#host.decide(kind, place.path, (chance): Loss | undefined => {
      const taken = reorder ? drawAny(chance, unsynced) : drawEnd(chance, unsynced);
      const first = taken?.keep ?? taken?.lost?.[0];
      if (first === undefined) return undefined;
      const length = lengthOf(first);
      if (length < 2 || !chance.bool(torn)) return taken;
      return { ...taken, torn: chance.int(1, length - 1) };
    });
    return loss === undefined ? ALL : asSurvival(loss);
  }

  #happens(kind: string, chanceOf: number | undefined, place: Place): boolean {
    if (!chanceOf) return false;
    const draws = (chance: Chance): true | undefined => chance.bool(chanceOf) || undefined;
    return this.#host.decide(kind, place.path, draws) === true;
  }
}

/** What has a path: asked for it only when there is something to decide. */
interface Place {
  readonly path: string;
}

/** Undefined where all is left. To lose everything is what finds most, so it is drawn more often. */
function drawEnd(chance: Chance, unsynced: number): Loss | undefined {
  const keep = chance.bool(0.25) ? 0 : chance.int(0, unsynced);
  return keep === unsynced ? undefined : { keep };
}

function drawAny(chance: Chance, unsynced: number): Loss | undefined {
  const share = chance.next();
  const lost: number[] = [];
  for (let index = 0; index < unsynced; index++) if (chance.bool(share)) lost.push(index);
  return lost.length === 0 ? undefined : { lost };
}

function asSurvival({ keep = Infinity, lost, torn = 0 }: Loss): Survival {
  const gone = new Set(lost);
  return { survives: (index) => index < keep && !gone.has(index), tornBytes: torn };
}

function draw(chance: Chance, range: MsRange): number {
  return typeof range === "number" ? range : chance.int(...range);
}

/** What is on record may be of a run that went another way: then it is brought within bounds. */
function within(value: number | undefined, least: number, most: number, otherwise = most): number {
  return value === undefined ? otherwise : Math.min(Math.max(value, least), most);
}
