import { join } from 'node:path';
import { content, temporaryFolder, type Called, type Context, type OpenSubject, type Subject } from '../row.js';
import { mcpStdio, noOpServer, startStdioServer, type StdioServer } from '../servers/stdio-server.js';

const starts = 20;

export const startStdio: Subject = {
  name: 'start-stdio',
  title: 'Start of a stdio server, from spawn to its first successful updateContext, on a migrated file',
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const folder = await temporaryFolder(context);
  const env = { DATABASE_URL: `sqlite:${join(folder, 'context.db')}`, CONTEXT_AGENT: 'planner' };
  const migrating = await startStdioServer(mcpStdio, env);
  await migrating.callTool('registerSession', { sessionKey: 'work' });
  await migrating.close();
  return {
    rows: [
      {
        name: 'spawn to first append',
        calls: starts,
        ours: start(context, 'mcp-stdio', mcpStdio, env),
        limit: start(context, 'no-op server', noOpServer),
        bar: { atMost: 1.5 },
      },
    ],
    settings: { 'starts of each in a round': String(starts) },
  };
}

/** A process has ended before the side's next one starts. Its end is not timed. */
function start({ resources }: Context, name: string, program: string, env?: Record<string, string>): Called {
  let server: StdioServer | undefined;
  const prepare = async (): Promise<void> => server?.close();
  resources.defer(prepare);
  return {
    name,
    prepare,
    call: async () => {
      server = await startStdioServer(program, env);
      await server.callTool('updateContext', { sessionKey: 'work', contextType: 'message', content });
    },
  };
}
