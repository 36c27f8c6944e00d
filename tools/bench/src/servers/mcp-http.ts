import { join } from 'node:path';
import { createApiKey } from '@org/api-keys';
import { mcpHttp, startHttpServer, type HttpServerProcess } from '@org/measure/http-server-process';
import { owner } from '../postgres/bench-database.js';
import { temporaryFolder, type Context } from '../row.js';

export interface McpHttp extends HttpServerProcess {
  /** An API key of {@link owner}. */
  readonly token: string;
}

export interface McpHttpOptions {
  readonly databaseUrl: string;
  /** More settings. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts mcp-http as in production: with authentication, limits and metrics. */
export async function startMcpHttp(
  context: Pick<Context, 'resources'>,
  { databaseUrl, env: more }: McpHttpOptions,
): Promise<McpHttp> {
  const folder = await temporaryFolder(context);
  const env = {
    DATABASE_URL: databaseUrl,
    CONTEXT_AGENT: owner,
    API_KEYS_FILE: join(folder, 'api-keys'),
    RATE_LIMIT_PER_SECOND: '1000000',
    ...more,
  };
  const scopes = ['context:read', 'context:write'];
  const { key } = await createApiKey(env.API_KEYS_FILE, { id: 'bench', namespace: 'default', agent: owner, scopes });
  const logFile = join(folder, 'mcp-http.log');
  const server = await startHttpServer({ program: mcpHttp, env, logFile }, context.resources);
  return { ...server, token: key };
}
