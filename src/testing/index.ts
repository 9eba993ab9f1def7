/** The test kit: a system on virtual time, and actors that stand in for others. */
export { Probe, type Probed } from "./probe.ts";
export { createTestSystem, TestKit, type LogLine, type TestSystemOptions } from "./test-system.ts";
export { VirtualWorld } from "./virtual-world.ts";
