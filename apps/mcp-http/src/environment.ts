import {
  environmentError,
  environmentTable,
  optionalVariable,
  variable,
  wholeNumber,
  type Environment,
  type EnvironmentTable,
} from '@org/context-store/environment';
import { z } from 'zod';

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

const hostNameOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).hostname : undefined);

/** The SDK compares host names; a pattern such as `moz-extension://*` stays as it is. */
const originName = (item: string): string | undefined =>
  item.endsWith('://*') ? item : hostNameOf(item.includes('://') ? item : `http://${item}`);

/** Undefined: switched off. */
const metricsPort: z.ZodType<number | undefined, string> = z
  .string()
  .transform((text) => (text === 'off' || text === '0' ? undefined : text))
  .pipe(wholeNumber(1, 65_535).optional());

/** What the HTTP server reads besides the shared variables. */
export const httpEnvironmentTable = {
  ...environmentTable,
  HOST: variable(z.string(), '127.0.0.1', 'The address to listen on. One that others can reach needs AUTH_MODE.'),
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
    listOf('a host name', (item) => hostNameOf(`http://${item}`)),
    '',
    'Host names that requests may be addressed to, comma-separated, besides loopback and HOST.',
  ),
  ALLOWED_ORIGINS: variable(
    listOf('an origin', originName),
    '',
    'Origins or host names of web pages that may call, comma-separated, besides loopback.',
  ),
  AUTH_MODE: optionalVariable(
    z.enum(['none'], 'only none is in this release'),
    'unset',
    'none: everyone who reaches the server may use it. Needed when HOST is not loopback.',
  ),
} as const satisfies EnvironmentTable;

export type HttpEnvironment = Environment<typeof httpEnvironmentTable>;

/** @throws VALIDATION_ERROR when the server would be open to others and nobody said so */
export function requireAuthDecision({ HOST, AUTH_MODE }: HttpEnvironment): void {
  if (isLoopback(HOST) || AUTH_MODE !== undefined) return;
  throw environmentError([
    {
      path: 'HOST',
      message: `${HOST} can be reached by others, who could read and write everything. Set AUTH_MODE=none if that is meant, or HOST=127.0.0.1`,
    },
  ]);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** As it stands in a URL: an IPv6 address in brackets. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export const allowedHosts = ({ HOST, ALLOWED_HOSTS }: HttpEnvironment): string[] => [
  ...loopbackNames,
  urlHost(HOST),
  ...ALLOWED_HOSTS,
];

export const allowedOrigins = ({ ALLOWED_ORIGINS }: HttpEnvironment): string[] => [
  ...loopbackNames,
  ...ALLOWED_ORIGINS,
];
