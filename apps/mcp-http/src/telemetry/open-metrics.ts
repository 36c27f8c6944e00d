import type { Logger } from '@org/logger-pino';
import type { PrometheusEndpoint } from '@org/telemetry-otel/prometheus';
import type { HttpEnvironment } from '../environment.js';
import { listenProblem } from '../http/listen.js';

/**
 * Starts to measure, where METRICS_PORT says so: only then is OpenTelemetry loaded. Calls are served without measurements
 * rather than not at all, so that an address that cannot be had is a line in the log.
 */
export async function openMetrics(
  { METRICS_HOST: host, METRICS_PORT: port }: HttpEnvironment,
  log: Pick<Logger, 'warn'>,
): Promise<PrometheusEndpoint | undefined> {
  if (port === undefined) return undefined;
  const { openPrometheusEndpoint } = await import('@org/telemetry-otel/prometheus');
  try {
    return await openPrometheusEndpoint({ host, port, log: (line) => log.warn(line) });
  } catch (error) {
    const problem = listenProblem(error as NodeJS.ErrnoException, { host, port, names: metricsNames });
    log.warn(`Nothing is measured: ${problem}`);
    return undefined;
  }
}

const metricsNames = { host: 'METRICS_HOST', port: 'METRICS_PORT', elsewhere: 'off to do without' };
