/** Files for actors: read as sources, written as sinks, followed as they grow, and watched. */
export { follow, type Followed, type FollowOptions, type FollowStats } from "./follow.ts";
export type { FollowPosition } from "./generations.ts";
export { lines, type LineOptions, type Lines } from "./lines.ts";
export { readBytes, readLines, type ReadOptions } from "./read.ts";
export { replaceFile, type ReplaceOptions } from "./replace.ts";
export { openSink, type FileSink, type SinkOptions } from "./sink.ts";
export type { FileChange } from "./tree.ts";
export {
  watch,
  type FileEvent,
  type Watched,
  type WatchOptions,
  type WatchStats,
} from "./watch.ts";
