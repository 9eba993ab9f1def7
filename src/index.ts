/**
 * troupe: actors with Erlang-grade supervision, whose refs read like ordinary typed objects.
 *
 * Define with `actor`, `implement`, `loop` or `agent`; put in a tree with `supervisor`; start with
 * `createSystem().spawn`.
 */
export {
  actor,
  type Definition,
  type Handlers,
  type Hooks,
  type VerbOf,
} from "./behaviours/actor.ts";
export { agent, type AgentProtocol } from "./behaviours/agent.ts";
export {
  implement,
  type CallMessage,
  type ContractMessage,
  type Implement,
  type Implementation,
  type KindOf,
  type StreamMessage,
  type VerbKinds,
} from "./behaviours/contract.ts";
export {
  dynamicSupervisor,
  type DynamicProtocol,
  type DynamicSpec,
} from "./behaviours/dynamic-supervisor.ts";
export { InboxClosed } from "./behaviours/inbox.ts";
export {
  loop,
  type Inbox,
  type LoopContext,
  type LoopHooks,
  type Sendable,
} from "./behaviours/loop.ts";
export { machine, type Machine } from "./behaviours/machine.ts";
export type {
  AnyStateContext,
  EventContext,
  Postponed,
  Raisable,
  StateContext,
  Timeouts,
} from "./behaviours/machine-context.ts";
export type { MachineDefinition, MachineHooks, Verdict } from "./behaviours/machine-definition.ts";
export { mermaid } from "./behaviours/mermaid.ts";
export {
  partitioned,
  type PartitionedProtocol,
  type PartitionedSpec,
} from "./behaviours/partitioned.ts";
export {
  supervisor,
  supervisorOf,
  SupervisorBuilder,
  type AnyChild,
  type ChildEntry,
  type ChildInfo,
  type SupervisorProtocol,
  type SupervisorSpec,
} from "./behaviours/supervisor.ts";
export {
  drain,
  exited,
  isAlive,
  kill,
  link,
  mailboxSize,
  monitor,
  nameOf,
  restart,
  sameActor,
  started,
  status,
  stop,
  unlink,
  type WaitOptions,
} from "./kernel/acts.ts";
export { address, type Address } from "./kernel/address.ts";
export type { ActorDef, ActorSettings, Supervision } from "./kernel/behaviour.ts";
export type { Status } from "./kernel/cell.ts";
export type { Children, Context, InitContext, PropsArgs } from "./kernel/context.ts";
export {
  ActorFailedError,
  ActorStoppedError,
  BadInputError,
  DeadlockError,
  JobDiscardedError,
  KilledError,
  MailboxFullError,
  refuse,
  type Refusal,
  RestartIntensityError,
  StartError,
  StashFullError,
  ThreadError,
  TimeoutError,
  TroupeError,
  WrongStateError,
  type DiscardReason,
  type ErrorCode,
  type StartFailure,
} from "./kernel/errors.ts";
export {
  fromEvents,
  type Emitter,
  type EmitterOptions,
  type EmitterSource,
} from "./kernel/emitter-source.ts";
export type { BufferOptions } from "./kernel/event-buffer.ts";
export type { EventListener, EventType, SystemEvent } from "./kernel/events.ts";
export {
  describeReason,
  type DownReason,
  type ExitReason,
  type ReasonInput,
} from "./kernel/exit-reason.ts";
export type { ChildEvent } from "./kernel/child-event.ts";
export { group, type Group, type GroupChange, type GroupRef } from "./kernel/group-ref.ts";
export type { Stats } from "./kernel/kernel.ts";
export type { ActorLog, Logger, LogLevel } from "./kernel/log.ts";
export type { Priority, SpawnOptions, WhenFull } from "./kernel/options.ts";
export { osSignals } from "./kernel/os-signals.ts";
export { port, type Port } from "./kernel/port.ts";
export type { AnyRef, Ref, RefOf } from "./kernel/ref.ts";
export type { Forwarding, Reply, Request } from "./kernel/reply.ts";
export type { StandardSchema } from "./kernel/schema.ts";
export type { PhaseOptions, ShutdownOptions } from "./kernel/shutdown.ts";
export type { Down, LinkedExit, Monitor } from "./kernel/signals.ts";
export type { Source, SourceOptions } from "./kernel/sources.ts";
export type { ConvertOptions, SubscribeOptions } from "./kernel/subscriptions.ts";
export { buggify } from "./kernel/staging.ts";
export { createSystem, defaultSystem, type System, type SystemOptions } from "./kernel/system.ts";
export type { TaskOptions } from "./kernel/tasks.ts";
export type { EveryOptions, Timer, TimerOptions, Timers } from "./kernel/timers.ts";
export {
  attempt,
  callAll,
  narrow,
  recipient,
  withOptions,
  type Attempt,
  type Attempts,
  type Recipient,
  type RefOptions,
  type Waiting,
} from "./kernel/views.ts";
export type { GroupFilter } from "./names/groups.ts";
export type { Topic } from "./names/topics.ts";
export { topic } from "./kernel/topic.ts";
export type { Backoff } from "./supervision/backoff.ts";
export type {
  ChildSpec,
  FailureDecision,
  FailureInfo,
  FailurePhase,
  Restart,
  Shutdown,
} from "./supervision/child-spec.ts";
export type { Intensity } from "./supervision/restart-intensity.ts";
export type { AutoShutdown, Strategy } from "./supervision/strategy.ts";
export type { TimerHandle, World } from "./world/world.ts";
