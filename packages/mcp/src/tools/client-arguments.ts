import type { ToolArguments } from './call-tool.js';

/** Arguments that some clients add to every tool call, whatever its schema says, and why they do. They have no meaning here. */
const clientArguments: ReadonlyMap<string, string> = new Map([
  ['wait_for_previous', 'Gemini CLI adds the argument to the schema that its model sees, and forwards it.'],
  ['toolCallId', 'The MCP Client Tool of n8n sends the id that the model gave the call.'],
]);

/** Leaves out the arguments that the client added, and not its model. */
export const withoutClientArguments = (sent: ToolArguments): ToolArguments =>
  [...clientArguments.keys()].some((name) => Object.hasOwn(sent, name))
    ? Object.fromEntries(Object.entries(sent).filter(([name]) => !clientArguments.has(name)))
    : sent;
