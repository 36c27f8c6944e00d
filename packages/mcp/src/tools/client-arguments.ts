/** Arguments that clients add to every call of a tool, whatever its schema says, and which client does. They mean nothing here. */
const addedBy: ReadonlyMap<string, string> = new Map([
  ['wait_for_previous', 'Gemini CLI: it adds the argument to the schema that its model sees, and forwards it.'],
  ['toolCallId', 'n8n: its MCP Client Tool sends the id that the model gave the call.'],
]);

type Arguments = Readonly<Record<string, unknown>>;

/** The arguments without those that a client added by itself. */
export const withoutClientArguments = (sent: Arguments): Arguments =>
  [...addedBy.keys()].some((name) => Object.hasOwn(sent, name))
    ? Object.fromEntries(Object.entries(sent).filter(([name]) => !addedBy.has(name)))
    : sent;
