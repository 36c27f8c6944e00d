import { availableParallelism } from 'node:os';

/** For all that is no connection of a client: files, the metrics, Redis, traces, and connections that are refused. */
const otherDescriptors = 100;

/**
 * How many connections of clients the process has descriptors for, up to what it may have.
 *
 * @param descriptors how many the system allows the process. Default: as the system says, or any number where it does not
 */
export function connectionsWithin(
  { MAX_CONNECTIONS: most, DATABASE_POOL_SIZE: poolSize = 2 * availableParallelism() }: ConnectionLimits,
  descriptors: number = descriptorLimit(),
): number {
  const free = Math.max(descriptors - otherDescriptors - poolSize, descriptors / 4);
  return Math.min(most, Math.floor(free));
}

interface ConnectionLimits {
  readonly MAX_CONNECTIONS: number;
  readonly DATABASE_POOL_SIZE?: number | undefined;
}

/** Node.js has raised its own limit to the hard one when it started. */
function descriptorLimit(): number {
  // Otherwise the report would look up the names of all peers.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { readonly userLimits?: { readonly open_files?: Limit } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Infinity;
}

interface Limit {
  readonly soft: number | 'unlimited';
}
