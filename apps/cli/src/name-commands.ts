/** The commands that call the tools which messages name. */
const commands: Readonly<Record<string, string>> = {
  listSessions: 'sessions',
  getContext: 'tail',
  getBriefing: 'briefing',
  updateContext: 'append',
  listHandoffs: 'handoffs',
  requestHandoff: 'request',
  acceptHandoff: 'accept',
  resolveHandoff: 'resolve',
};

const tools = new RegExp(`\\b(?:${Object.keys(commands).join('|')})\\b`, 'g');

/** Returns a message for users of the command line: it names commands in place of tools. */
export const nameCommands = (message: string): string =>
  message.replaceAll(tools, (tool) => `context-store ${commands[tool]}`);
