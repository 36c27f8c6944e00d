export type { Caller, RequestCaller } from './calling/caller.js';
export { rephrased, type Rephrase } from './calling/calls.js';
export { asksToWait, waitMs } from './calling/run-use-case.js';
export {
  contextStoreOptionsSchema,
  createContextStore,
  type ContextStore,
  type ContextStoreOptions,
  type ContextStorePorts,
} from './context-store.js';
export {
  cancelled,
  ContextStoreError,
  errorCodes,
  errorFrom,
  isContextStoreError,
  withoutOutcome,
  storeClosed,
  storeUnavailable,
  type ContextStoreErrorOf,
  type ContextStoreErrorOptions,
  type ErrorBody,
  type ErrorCode,
  type ErrorCodeInfo,
  type StoreUnavailableOptions,
} from './errors.js';
export type { ErrorDetails, Issue, NoDetails, Written } from './error-details.js';
export type { Briefing } from './model/briefing.js';
export { contextTypes, type ContextType, type Entry } from './model/entry.js';
export {
  handoffOutcomes,
  handoffStatuses,
  requestTypes,
  type Handoff,
  type HandoffOutcome,
  type HandoffStatus,
  type RequestType,
} from './model/handoff.js';
export { InexactNumber, isExactNumber } from './model/inexact-number.js';
export type { JsonObject } from './model/json.js';
export {
  agentNameOf,
  agentSchema,
  isRoleAddress,
  namespaceSchema,
  roleAddress,
  sessionKeySchema,
  targetAgentSchema,
} from './model/names.js';
export { recordedNote } from './model/recorded-note.js';
export { sessionStatuses, type Session, type SessionStatus } from './model/session.js';
export { createMemoryBus, type EventBus, type StoreEvent } from './ports/event-bus.js';
export { createLifeCycle, type LifeCycle } from './ports/life-cycle.js';
export { mapStore, type StoreCall } from './ports/map-store.js';
export type {
  AppendedEntry,
  AppendEntry,
  BriefingSource,
  ClaimedHandoff,
  ClaimHandoff,
  CountNamespace,
  CreatedSession,
  CreateHandoff,
  CreateSession,
  EntryPage,
  EntryRecord,
  HandoffPage,
  HandoffPosition,
  HandoffRecord,
  HandoffRef,
  Idempotency,
  Inbox,
  ListHandoffs,
  ListSessionKeys,
  ListSessions,
  LogTail,
  MarkRead,
  NamespaceCounts,
  ReadBriefing,
  ReadEntries,
  ReadMark,
  ReadTail,
  Replayable,
  ResolveHandoff,
  SequenceRange,
  SessionLease,
  SessionPage,
  SessionRecord,
  SessionRef,
  SessionState,
  Store,
  UpdateSession,
} from './ports/store.js';
export { storeOperations, type StoreOperation, type StoreOperations } from './ports/store-operations.js';
export {
  noTelemetry,
  type BusinessEvent,
  type DeploymentLink,
  type DatabaseSystem,
  type MeasuredCall,
  type Origin,
  type Served,
  type McpRequest,
  type PoolState,
  type ResourceRead,
  type Telemetry,
} from './ports/telemetry.js';
export { previewOf, quoteOf, sliceCodePoints } from './rules/text/cut-text.js';
export { estimateTokens } from './rules/text/estimate-tokens.js';
export {
  handoffStatus,
  handoffTransitions,
  isOwnRoleOffer,
  refuseClaim,
  refuseRepeatedClaim,
  refuseResolve,
  type HandoffTransition,
} from './rules/handoffs/handoff-transitions.js';
export {
  composePage,
  inboxClasses,
  inboxClassOf,
  reachedBy,
  startOf,
  type ListedHandoff,
  type Page,
  type ScannedClass,
} from './rules/handoffs/inbox-page.js';
export { endOfFullPages, logPages, type LogPages } from './rules/log/log-pages.js';
export {
  isCancelledByLapse,
  settledHandoff,
  settledSession,
  standsUntil,
  type LeasedSession,
} from './rules/sessions/lapse.js';
export { limits } from './rules/limits.js';
export {
  isLeaseAhead,
  isLeaseLapsed,
  moveOwnership,
  renewedLease,
  type Ownership,
} from './rules/sessions/ownership.js';
export { handoffNotFound, sessionExists, sessionNotFound } from './rules/refusals/not-found.js';
export { refuseMark } from './rules/refusals/refuse-mark.js';
export { refusePosition } from './rules/refusals/refuse-position.js';
export { refuseReplay } from './rules/refusals/refuse-replay.js';
export {
  refuseAppend,
  refuseCreateHandoff,
  refuseUpdateSession,
  sessionExpired,
} from './rules/refusals/refuse-write.js';
export { scanRange } from './rules/log/scan-range.js';
export { isExpired, sessionStatus } from './rules/sessions/session-status.js';
export { sessionTransitions, type SessionTransition } from './rules/sessions/session-transitions.js';
export type { Transition } from './rules/transition.js';
export { unknownProblem } from './rules/unknown-problem.js';
export type { EntriesOptions } from './streams/entries.js';
export type { OffersOptions } from './streams/offers.js';
export { quotedText } from './rules/text/visible-text.js';
export { givenArguments } from './use-cases/given-arguments.js';
export { parseInput } from './use-cases/use-case.js';
export type { Work, WorkEntry, WorkHandler, WorkOptions } from './work/work-options.js';
export { useCases, type UseCaseInput, type UseCaseName, type UseCaseResult, type UseCases } from './use-cases/index.js';
export type {
  AcceptHandoffInput,
  AcceptHandoffResult,
  GetBriefingInput,
  GetBriefingResult,
  GetContextInput,
  GetContextResult,
  ListHandoffsInput,
  ListHandoffsResult,
  ListSessionsInput,
  ListSessionsResult,
  RegisterSessionInput,
  RegisterSessionResult,
  RequestHandoffInput,
  RequestHandoffResult,
  ResolveHandoffInput,
  ResolveHandoffResult,
  UpdateContextInput,
  UpdateContextResult,
  UpdateSessionInput,
  UpdateSessionResult,
} from './use-cases/tool-types.js';
