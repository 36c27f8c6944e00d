import { Command, type CommanderError } from 'commander';
import type { CommandContext } from './command-context.js';
import { appendCommand } from './commands/append.js';
import { acceptCommand } from './commands/accept.js';
import { briefingCommand } from './commands/briefing.js';
import { completionCommand } from './commands/completion.js';
import { doctorCommand } from './commands/doctor.js';
import { handoffsCommand } from './commands/handoffs.js';
import { requestCommand } from './commands/request.js';
import { resolveCommand } from './commands/resolve.js';
import { showCommand } from './commands/show.js';
import { tailCommand } from './commands/tail.js';
import { deleteCommand } from './commands/delete.js';
import { keysCommand } from './commands/keys/keys.js';
import { migrateCommand } from './commands/migrate.js';
import { sessionsCommand } from './commands/sessions.js';
import { takeOverCommand } from './commands/take-over.js';
import { CommandError } from './failure.js';

/** The commands, in the order of the help. */
const commands: readonly ((context: CommandContext) => Command)[] = [
  sessionsCommand,
  showCommand,
  tailCommand,
  briefingCommand,
  appendCommand,
  handoffsCommand,
  requestCommand,
  acceptCommand,
  resolveCommand,
  takeOverCommand,
  deleteCommand,
  migrateCommand,
  keysCommand,
  doctorCommand,
  completionCommand,
];

const summary = `Shows and maintains the sessions of a context store: a local file, a database or an MCP server.`;

const settings = `
The settings come from the environment, as those of the servers do:
DATABASE_URL, CONTEXT_NAMESPACE, CONTEXT_AGENT, CONTEXT_SERVER, CONTEXT_API_KEY.
Without any, the commands work on the local file of mcp-stdio.

Example:
  $ context-store sessions --status active`;

/** Creates the program with all commands. Parsing throws `CommandError` for a wrong command line, and ends no process. */
export function createProgram(context: CommandContext, version: string): Command {
  const program = new Command('context-store')
    .description(summary)
    .usage('COMMAND [options]')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .addHelpText('after', settings)
    .configureOutput({
      writeOut: (text) => void context.output.write(text),
      // Errors are thrown, and printed in one place.
      writeErr: () => {},
    });
  refuseInOneLine(program, program);
  for (const create of commands) {
    const command = create(context);
    program.addCommand(command);
    prepare(command, program);
  }
  // `context-store mcp` is another program, which main.ts starts.
  program.command('mcp').description('serve MCP over standard input and output, as mcp-stdio does');
  return program;
}

/** Gives a command, and those below it, the settings of the program. */
function prepare(command: Command, program: Command): void {
  command.copyInheritedSettings(program).helpCommand(false);
  refuseInOneLine(command, program);
  for (const inner of command.commands) prepare(inner, program);
}

/** Turns what commander says of a wrong command line into one line that ends with where to read on. */
function refuseInOneLine(command: Command, program: Command): void {
  command.exitOverride((error) => {
    if (error.exitCode === 0) throw error;
    throw new CommandError('usage', usageMessage(error, command, program));
  });
}

function usageMessage({ code, message }: CommanderError, command: Command, program: Command): string {
  const help = `${pathOf(command)} --help`;
  if (code === 'commander.help') return `Name a command. See ${help}.`;
  const problem = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  const sentence = `${problem.charAt(0).toUpperCase()}${problem.slice(1)}`;
  const name = /unknown option '(--?[a-z-]+)/.exec(message)?.[1];
  const isMisplaced =
    command === program && program.commands.some(({ options }) => options.some((known) => known.long === name));
  const place = isMisplaced ? ' Options come after the command.' : '';
  return `${sentence.replace(/[.!]?$/, '.')}${place} See ${help}.`;
}

/** Returns the names of a command and of those above it, as its user types them. */
export const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
