import { availableParallelism } from 'node:os';

/** Descriptors for everything but clients: files, metrics, Redis, traces, and connections that are refused. */
const otherDescriptors = 100;

/**
 * Returns how many client connections the process has file descriptors for, up to MAX_CONNECTIONS.
 *
 * @param descriptors how many file descriptors the process may have. Default: the system's limit
 */
export function maxConnections(
  { MAX_CONNECTIONS, DATABASE_POOL_SIZE: poolSize = 2 * availableParallelism() }: ConnectionSettings,
  descriptors: number = descriptorLimit(),
): number {
  const free = Math.max(descriptors - otherDescriptors - poolSize, descriptors / 4);
  return Math.min(MAX_CONNECTIONS, Math.floor(free));
}

interface ConnectionSettings {
  readonly MAX_CONNECTIONS: number;
  readonly DATABASE_POOL_SIZE?: number | undefined;
}

/** Returns the soft limit, which Node.js raised to the hard limit when it started. Returns Infinity if there is no limit. */
function descriptorLimit(): number {
  // Otherwise the report would look up the host names of all peers.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { readonly userLimits?: { readonly open_files?: Limit } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Infinity;
}

interface Limit {
  readonly soft: number | 'unlimited';
}
