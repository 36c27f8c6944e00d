import type { CallToolResult } from '@modelcontextprotocol/server';
import type { RequestCaller } from '@org/domain';

export type ToolArguments = Readonly<Record<string, unknown>>;

/** Calls one tool. @throws ProtocolError for a tool that does not exist; every other failure is a result */
export type CallTool = (name: string, given: ToolArguments, caller: RequestCaller) => Promise<CallToolResult>;
