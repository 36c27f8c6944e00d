export {
  asksToWait,
  waitMs,
  createContextStore,
  type Caller,
  type ContextStore,
  type ContextStoreOptions,
  type ContextStorePorts,
  type UseCaseInput,
  type UseCaseResult,
} from './context-store.js';
export {
  ContextStoreError,
  errorCodes,
  withoutOutcome,
  storeClosed,
  storeUnavailable,
  type ContextStoreErrorOptions,
  type ErrorBody,
  type ErrorCode,
  type StoreUnavailableOptions,
  type Written,
} from './errors.js';
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
export {
  noTelemetry,
  type BusinessEvent,
  type DeploymentLink,
  type DatabaseSystem,
  type MeasuredCall,
  type Origin,
  type McpRequest,
  type PoolState,
  type ResourceRead,
  type Telemetry,
} from './ports/telemetry.js';
export { previewOf, quoteOf, sliceCodePoints } from './rules/cut-text.js';
export { estimateTokens } from './rules/estimate-tokens.js';
export {
  handoffStatus,
  handoffTransitions,
  isOwnRoleOffer,
  refuseClaim,
  refuseRepeatedClaim,
  refuseResolve,
  type HandoffTransition,
} from './rules/handoff-transitions.js';
export {
  composePage,
  inboxClasses,
  inboxClassOf,
  reachedBy,
  startOf,
  type ListedHandoff,
  type Page,
  type ScannedClass,
} from './rules/inbox-page.js';
export { endOfFullPages, logPages, type LogPages } from './rules/log-pages.js';
export { isCancelledByLapse, settledHandoff, settledSession, standsUntil, type LeasedSession } from './rules/lapse.js';
export { limits } from './rules/limits.js';
export { isLeaseAhead, isLeaseLapsed, moveOwnership, renewedLease, type Ownership } from './rules/ownership.js';
export { handoffNotFound, sessionExists, sessionNotFound } from './rules/not-found.js';
export { refuseMark } from './rules/refuse-mark.js';
export { refusePosition } from './rules/refuse-position.js';
export { refuseReplay } from './rules/refuse-replay.js';
export { refuseAppend, refuseCreateHandoff, refuseUpdateSession, sessionExpired } from './rules/refuse-write.js';
export { scanRange } from './rules/scan-range.js';
export { isExpired, sessionStatus } from './rules/session-status.js';
export { sessionTransitions, type SessionTransition } from './rules/session-transitions.js';
export type { Transition } from './rules/transition.js';
export { unknownProblem } from './rules/unknown-problem.js';
export { quotedText } from './rules/visible-text.js';
export { givenArguments } from './use-cases/given-arguments.js';
export { useCases, type UseCaseName, type UseCases } from './use-cases/index.js';
