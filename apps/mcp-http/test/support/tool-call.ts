import { post } from './mcp-http.js';

interface ToolAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Calls a tool in the legacy era. By default, it uses the session `work` and the agent `planner`. */
export async function callTool(mcp: string, name: string, args: object = {}): Promise<ToolAnswer> {
  const params = { name, arguments: { sessionKey: 'work', agent: 'planner', ...args } };
  const response = await post(mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
