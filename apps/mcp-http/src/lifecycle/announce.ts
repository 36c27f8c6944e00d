import { databaseLocation, describeLocation } from '@org/context-store';
import type { Logger } from '@org/logger-pino';
import { publicUrl } from '../auth/auth-environment.js';
import type { Auth } from '../auth/open-auth.js';
import type { HttpEnvironment } from '../environment.js';
import { welcomeText } from './welcome.js';

export interface StartedServer {
  readonly version: string;
  readonly environment: HttpEnvironment;
  /** The URL of the MCP endpoint on this machine. */
  readonly url: string;
  readonly auth: Auth | undefined;
  readonly metricsUrl: string | undefined;
}

/** Logs what runs and what it is connected to. On a terminal, it also prints how to connect a client. */
export function announce({ version, environment, url, auth, metricsUrl }: StartedServer, log: Logger): void {
  const { CONTEXT_NAMESPACE: namespace, REDIS_URL: redisUrl } = environment;
  const location = databaseLocation(environment.DATABASE_URL);
  if (process.stdout.isTTY) {
    const needsApiKey = auth !== undefined && auth.metadata === undefined;
    const clientUrl = publicUrl(environment)?.href ?? url;
    process.stdout.write(welcomeText({ version, url, publicUrl: clientUrl, needsApiKey, location, namespace }));
  }
  const ready = {
    version,
    node: process.version,
    url,
    database: describeLocation(location),
    redis: redisUrl && new URL(redisUrl).host,
    metrics: metricsUrl,
    auth: describeAuth(environment),
  };
  log.info(ready, 'Ready');
}

function describeAuth({ AUTH_ISSUER: issuer, API_KEYS_FILE: keysFile, AUTH_MODE: mode }: HttpEnvironment): string {
  const kinds = [
    ...(issuer === undefined ? [] : [`tokens of ${issuer}`]),
    ...(keysFile === undefined ? [] : ['API keys']),
  ];
  return kinds.length > 0 ? kinds.join(', ') : (mode ?? 'none, loopback alone');
}
