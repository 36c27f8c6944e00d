export {
  databaseLocation,
  describeLocation,
  isSecret,
  sharedDatabase,
  type DatabaseLocation,
  type PostgresLocation,
  type SqliteLocation,
} from './open/database-location.js';
export { nameDeployment } from './open/name-deployment.js';
export type { RedisSettings } from './open/open-carrier.js';
export type { CacheSettings } from './open/open-cache.js';
export { openContextStore, type OpenContextStoreOptions } from './open/open-context-store.js';
export type { SqliteSettings } from './open/open-store.js';
export type { PostgresSettings } from './open/postgres-settings.js';
export {
  ContextStoreError,
  contextTypes,
  createContextStore,
  errorCodes,
  handoffStatuses,
  noTelemetry,
  withoutOutcome,
  requestTypes,
  sessionStatuses,
  type Briefing,
  type BusinessEvent,
  type Caller,
  type ContextStore,
  type ContextStoreOptions,
  type ContextStorePorts,
  type ContextType,
  type DeploymentLink,
  type Entry,
  type ErrorBody,
  type ErrorCode,
  type FindProject,
  type Handoff,
  type HandoffOutcome,
  type HandoffStatus,
  type JsonObject,
  type MeasuredCall,
  type PoolState,
  type RequestType,
  type Session,
  type SessionStatus,
  type Store,
  type Telemetry,
  type UseCaseInput,
  type UseCaseName,
  type UseCaseResult,
  type Written,
} from '@org/domain';
