export type { Caller, RequestCaller } from './calling/caller.js';
export type { ListAgents, NoteAgents } from './ports/agents.js';
export type { LogEnd, LogTail, ReadTail } from './ports/log-tail.js';
export { rephrased, type Rephrase } from './calling/calls.js';
export { asksToWait, mayWrite, waitMs } from './calling/run-use-case.js';
export {
  contextStoreOptionsSchema,
  createContextStore,
  type ContextStore,
  type ContextStoreOptions,
  type ContextStorePorts,
  type TakenOver,
  type TakeOverSessionInput,
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
  movesOwnership,
  offerTypes,
  ownershipTypes,
  requestTypes,
  type Handoff,
  type HandoffOutcome,
  type HandoffStatus,
  type OfferType,
  type RequestType,
} from './model/handoff.js';
export { InexactNumber, isExactNumber } from './model/inexact-number.js';
export type { JsonObject } from './model/json.js';
export { knownClients, type KnownClient } from './model/known-clients.js';
export {
  agentNameOf,
  agentSchema,
  isRoleAddress,
  namespaceSchema,
  reportedNameOf,
  roleAddress,
  sessionKeySchema,
  targetAgentSchema,
} from './model/names.js';
export {
  allProjects,
  namedProjectSchema,
  noProject,
  projectOfFolder,
  projectOfRemote,
  projectSchema,
} from './model/project.js';
export { recordedNote } from './model/recorded-note.js';
export { scopes, type Scope } from './model/scope.js';
export { sessionStatuses, type Session, type SessionStatus } from './model/session.js';
export { takeOverPolicies, type TakeOver, type TakeOverPolicy, type TookOver } from './model/take-over.js';
export { createMemoryBus, type EventBus, type StoreEvent } from './ports/event-bus.js';
export { createLifeCycle, type LifeCycle } from './ports/life-cycle.js';
export { mapStore, type StoreCall } from './ports/map-store.js';
export type {
  AppendAnswer,
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
  MarkRead,
  NamespaceCounts,
  ProjectFilter,
  ReadBriefing,
  ReadEntries,
  ReadMark,
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
export type {
  TakenOverSession,
  TakeOverNotice,
  TakeOverRequest,
  TakeOverSession,
  TookOverRecord,
} from './ports/take-over.js';
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
export { bytesPerToken, estimateTokens } from './rules/text/estimate-tokens.js';
export {
  handoffStatus,
  handoffTransitions,
  isGivenBack,
  isOwnRoleOffer,
  leavingAgent,
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
export {
  takenBy,
  takeOverEntry,
  takeOverReason,
  takeOverTexts,
  tookOverFrom,
  type TakeOverEntry,
  type TakeOverMove,
  type TakeOverTexts,
} from './rules/handoffs/take-over-entry.js';
export {
  mayTakeOver,
  operatorMoved,
  pendingTakeOver,
  refuseOperator,
  shownTakeOver,
  lastSignAtMs,
  takeOverNotice,
  type TakeOverAsker,
} from './rules/handoffs/take-over.js';
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
  addParticipant,
  isLeaseAhead,
  isLeaseLapsed,
  moveOwnership,
  ownerWroteAt,
  removeParticipant,
  renewedLease,
  type MoveOptions,
  type Ownership,
  type ParticipantsChange,
  type Writers,
} from './rules/sessions/ownership.js';
export { isOfProjects } from './rules/project-filter.js';
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
export { quotedText, visibleText } from './rules/text/visible-text.js';
export { givenArguments } from './use-cases/given-arguments.js';
export { parseInput, type FindProject } from './use-cases/use-case.js';
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
