import {
  environmentError,
  environmentTable,
  optionalVariable,
  variable,
  wholeNumber,
  type Environment,
  type EnvironmentTable,
} from '@org/context-store/environment';
import { otelEnvironmentTable } from '@org/context-store/otel-environment';
import { serverEnvironmentTable } from '@org/context-store/server-environment';
import { z } from 'zod';
import { asksForCredentials, authEnvironmentTable, authProblems, publicUrl } from './auth/auth-environment.js';
import { readHostName } from './http/host-name.js';
import { isLoopback } from './http/loopback.js';
import { readOrigin } from './http/origin-check.js';
import { urlHost } from './http/url-host.js';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** A comma-separated list. `read` normalizes an item, and returns undefined if it is malformed. */
const listOf = (form: string, read: (item: string) => string | undefined): z.ZodType<string[], string> =>
  z.string().transform((text, context) => {
    const items = text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    return items.map((item) => {
      const value = read(item);
      if (value === undefined) context.addIssue({ code: 'custom', message: `${item} is not ${form}` });
      return value ?? '';
    });
  });

/** The value is undefined if metrics are off. */
const metricsPort: z.ZodType<number | undefined, string> = z
  .string()
  .transform((text) => (text === 'off' || text === '0' ? undefined : text))
  .pipe(wholeNumber(1, 65_535).optional());

/** All variables that the HTTP server reads. */
export const httpEnvironmentTable = {
  ...environmentTable,
  ...serverEnvironmentTable,
  ...otelEnvironmentTable,
  HOST: variable(
    z.string(),
    '127.0.0.1',
    'The address to listen on. Any other than loopback requires AUTH_ISSUER, API_KEYS_FILE or AUTH_MODE.',
  ),
  PORT: variable(wholeNumber(0, 65_535), '3000', 'The port to listen on. 0 takes any free port.'),
  METRICS_PORT: {
    ...variable(metricsPort, '9090', 'The port that serves /metrics to Prometheus. off, 0 or empty turns it off.'),
    empty: 'off',
  },
  METRICS_HOST: variable(z.string(), '127.0.0.1', 'The address that serves /metrics, without authentication.'),
  ALLOWED_HOSTS: variable(
    listOf('a host name, such as app.example; each is named, without a scheme or a wildcard', readHostName),
    '',
    'Allowed host names of requests, comma-separated, in addition to loopback, HOST and PUBLIC_URL.',
  ),
  ALLOWED_ORIGINS: variable(
    listOf('an origin that a browser sends, such as https://app.example', readOrigin),
    '',
    'Origins of web pages that may call, comma-separated. Only they get CORS headers.',
  ),
  RATE_LIMIT_PER_SECOND: optionalVariable(
    wholeNumber(1, 1_000_000),
    'no limit',
    'Maximum calls per second of one caller, averaged over 10 seconds. With REDIS_URL, all processes share one limit.',
  ),
  MAX_CONNECTIONS: variable(
    wholeNumber(1, 1_000_000),
    '10000',
    'Maximum number of client connections. The limit of open files may allow fewer.',
  ),
  MAX_CONCURRENT_CALLS: variable(wholeNumber(1, 100_000), '256', 'Maximum number of calls that run at once.'),
  MAX_QUEUED_CALLS: variable(
    wholeNumber(0, 1_000_000),
    '1024',
    'Maximum number of queued calls. Further calls, and those queued for 5 seconds, answer OVERLOADED.',
  ),
  MAX_WAITING_CALLS: variable(
    wholeNumber(0, 1_000_000),
    '1000',
    'Maximum number of calls that wait for offers and of subscription streams together; at most half of the connections.',
  ),
  REQUEST_TIMEOUT_SECONDS: variable(
    wholeNumber(1, 3600),
    '30',
    'How many seconds a call may take, not counting its waitSeconds. Then it answers STORE_UNAVAILABLE.',
  ),
  DRAIN_DELAY_SECONDS: variable(
    wholeNumber(0, 300),
    '0',
    'How many seconds to keep serving after SIGTERM. /ready answers 503 then, so that load balancers notice.',
  ),
  ...authEnvironmentTable,
} as const satisfies EnvironmentTable;

export type HttpEnvironment = Environment<typeof httpEnvironmentTable>;

/**
 * Checks the settings of authentication together.
 *
 * @throws VALIDATION_ERROR if other machines can reach the server without authentication and AUTH_MODE is not none, or if
 *   settings contradict each other
 */
export function requireAuthDecision(environment: HttpEnvironment): void {
  const { HOST, AUTH_MODE } = environment;
  const problems = authProblems(environment);
  if (!isLoopback(HOST) && AUTH_MODE === undefined && !asksForCredentials(environment)) {
    problems.push({
      path: 'HOST',
      message: `${HOST} can be reached by others, who could read and write everything. Set AUTH_ISSUER or API_KEYS_FILE, AUTH_MODE=none if that is meant, or HOST=127.0.0.1`,
    });
  }
  if (problems.length > 0) throw environmentError(problems);
}

export function allowedHosts(environment: HttpEnvironment): string[] {
  const { HOST, ALLOWED_HOSTS } = environment;
  const hosts = [...loopbackNames, urlHost(HOST), ...ALLOWED_HOSTS];
  const publicHost = publicUrl(environment)?.hostname;
  return publicHost === undefined ? hosts : [...hosts, publicHost];
}

/** Hosts whose web pages may call from any port: those of this machine, if only this machine can reach the server. */
export const localOriginHosts = ({ HOST }: HttpEnvironment): string[] => (isLoopback(HOST) ? loopbackNames : []);
