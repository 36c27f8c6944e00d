import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

/** An MCP client that starts its own `mcp-stdio`, as a coding agent on a person's machine does. */
export interface Agent {
  readonly name: string;
  readonly serverPid: number | null;
  /** @throws if the tool answers with an error */
  readonly call: <Result>(tool: string, input: object) => Promise<Result>;
  /** Returns the error body of a call that must fail. @throws if it succeeds */
  readonly refused: (tool: string, input: object) => Promise<{ code: string; message: string }>;
  readonly close: () => Promise<void>;
}

const server = fileURLToPath(import.meta.resolve('@org/mcp-stdio/dist/main.js'));

/** Starts the agent's server on the database and namespace of this process, and connects to it. */
export async function startAgent(name: string): Promise<Agent> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [server],
    env: { ...(process.env as Record<string, string>), CONTEXT_AGENT: name },
  });
  const client = new Client({ name, version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport);

  const answer = async (tool: string, input: object): Promise<{ isError: boolean; body: unknown }> => {
    const { isError = false, structuredContent } = await client.callTool({ name: tool, arguments: { ...input } });
    return { isError, body: structuredContent };
  };
  return {
    name,
    serverPid: transport.pid,
    async call<Result>(tool: string, input: object) {
      const { isError, body } = await answer(tool, input);
      if (isError) throw new Error(`${tool} answered ${JSON.stringify(body)}`);
      return body as Result;
    },
    async refused(tool, input) {
      const { isError, body } = await answer(tool, input);
      if (!isError) throw new Error(`${tool} was meant to be refused, but answered ${JSON.stringify(body)}`);
      return body as { code: string; message: string };
    },
    close: () => client.close(),
  };
}
