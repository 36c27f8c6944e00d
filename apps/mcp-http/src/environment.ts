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
import { z } from 'zod';
import { asksForCredentials, authEnvironmentTable, authProblems, publicUrl } from './auth/auth-environment.js';
import { readHostName } from './http/host-name.js';
import { isLoopback } from './http/loopback.js';
import { readOrigin } from './http/origin-check.js';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** A comma-separated list; `read` turns an item into what is compared, or undefined when it is malformed. */
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

/** Undefined: switched off. */
const metricsPort: z.ZodType<number | undefined, string> = z
  .string()
  .transform((text) => (text === 'off' || text === '0' ? undefined : text))
  .pipe(wholeNumber(1, 65_535).optional());

/** What the HTTP server reads besides the shared variables. */
export const httpEnvironmentTable = {
  ...environmentTable,
  ...otelEnvironmentTable,
  HOST: variable(
    z.string(),
    '127.0.0.1',
    'The address to listen on. One that others can reach needs AUTH_ISSUER, API_KEYS_FILE or AUTH_MODE.',
  ),
  PORT: variable(wholeNumber(0, 65_535), '3000', 'The port to listen on; 0: any free one.'),
  METRICS_PORT: {
    ...variable(
      metricsPort,
      '9090',
      'The port that serves /metrics to Prometheus; off, 0 or empty: nothing is measured.',
    ),
    empty: 'off',
  },
  METRICS_HOST: variable(z.string(), '127.0.0.1', 'The address that serves /metrics. It asks nobody who they are.'),
  ALLOWED_HOSTS: variable(
    listOf('a host name, such as app.example; each is named, without a scheme or a wildcard', readHostName),
    '',
    'Host names that requests may be addressed to, comma-separated, besides loopback, HOST and PUBLIC_URL.',
  ),
  ALLOWED_ORIGINS: variable(
    listOf('an origin that a browser sends, such as https://app.example', readOrigin),
    '',
    'Origins of web pages that may call, comma-separated. They are answered by CORS; no others are.',
  ),
  RATE_LIMIT_PER_SECOND: optionalVariable(
    wholeNumber(1, 1_000_000),
    'no limit',
    'How many calls one caller may send a second, on average over 10; REDIS_URL makes it one limit for all processes.',
  ),
  MAX_CONNECTIONS: variable(
    wholeNumber(1, 1_000_000),
    '10000',
    'How many connections clients may have; fewer where the limit of open files leaves fewer.',
  ),
  MAX_CONCURRENT_CALLS: variable(wholeNumber(1, 100_000), '256', 'How many calls may be under way at once.'),
  MAX_QUEUED_CALLS: variable(
    wholeNumber(0, 1_000_000),
    '1024',
    'How many more may wait for their turn, for 5 seconds at most; others answer OVERLOADED.',
  ),
  MAX_WAITING_CALLS: variable(
    wholeNumber(0, 1_000_000),
    '1000',
    'How many more calls with waitSeconds, and streams of changes, there may be; half of the connections at most.',
  ),
  REQUEST_TIMEOUT_SECONDS: variable(
    wholeNumber(1, 3600),
    '30',
    'How long a call may take, besides its waitSeconds, until it answers STORE_UNAVAILABLE.',
  ),
  DRAIN_DELAY_SECONDS: variable(
    wholeNumber(0, 300),
    '0',
    'How long to go on serving after SIGTERM, not ready, until load balancers send no more.',
  ),
  ...authEnvironmentTable,
} as const satisfies EnvironmentTable;

export type HttpEnvironment = Environment<typeof httpEnvironmentTable>;

/** @throws VALIDATION_ERROR when the server would be open to others and nobody said so, or the settings contradict each other */
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

/** As it stands in a URL: an IPv6 address in brackets. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export function allowedHosts(environment: HttpEnvironment): string[] {
  const { HOST, ALLOWED_HOSTS } = environment;
  const hosts = [...loopbackNames, urlHost(HOST), ...ALLOWED_HOSTS];
  const publicHost = publicUrl(environment)?.hostname;
  return publicHost === undefined ? hosts : [...hosts, publicHost];
}

/** Hosts whose web pages may call from any port: those of this machine, as long as nobody else can reach the server. */
export const localOriginHosts = ({ HOST }: HttpEnvironment): string[] => (isLoopback(HOST) ? loopbackNames : []);
