import type { PrometheusServer } from '@org/telemetry-otel/sdk';
import type { HttpEnvironment } from '../environment.js';
import { listenProblem } from '../http/listen.js';

/**
 * Listens on METRICS_PORT, unless it is off. An address that cannot be had is a line in the log: serving calls matters more
 * than measuring them.
 */
export async function openMetrics(
  { METRICS_HOST: host, METRICS_PORT: port, METRICS_PREFIX: metricsPrefix }: HttpEnvironment,
  log: (line: string) => void,
): Promise<PrometheusServer | undefined> {
  if (port === undefined) return undefined;
  const { openPrometheusServer } = await import('@org/telemetry-otel/sdk');
  try {
    return await openPrometheusServer({ host, port, metricsPrefix, log });
  } catch (error) {
    const problem = listenProblem(error as NodeJS.ErrnoException, { host, port, names: metricsNames });
    log(`Nothing is measured: ${problem}`);
    return undefined;
  }
}

const metricsNames = { host: 'METRICS_HOST', port: 'METRICS_PORT', elsewhere: 'off to do without' };
