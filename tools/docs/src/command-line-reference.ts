import {
  commandLineReference,
  exitCodes,
  serverEnvironmentTable,
  type CommandReference,
  type OptionReference,
} from '@org/cli/reference';
import { markdownTable } from './markdown-table.js';

const { commands, commonOptions } = commandLineReference();

const code = (text: string): string => `\`${text}\``;

const optionsTable = (options: readonly OptionReference[]): string =>
  markdownTable(
    ['option', 'what it does', 'default'],
    options.map(({ flags, description, default: preset = '' }) => [code(flags), description, preset]),
  );

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function commandSection({
  name,
  usage,
  description,
  parameters,
  options,
  commonOptions: common,
}: CommandReference): string {
  const rows = [
    ...parameters.map((parameter) => ({
      flags: `<${parameter.name}>`,
      description: parameter.description,
      default: undefined,
    })),
    ...options,
  ];
  return [
    `### ${name}`,
    code(usage),
    sentence(description),
    ...(rows.length > 0 ? [optionsTable(rows)] : []),
    ...(common.length > 0 ? [`Also: ${common.map(code).join(', ')}.`] : []),
  ].join('\n\n');
}

/** Returns a section for each command, with its arguments and options. */
export const commandsReference = (): string => commands.map(commandSection).join('\n\n');

/** Returns the options that several commands have. */
export const commonOptionsReference = (): string => optionsTable(commonOptions);

/** Returns the exit codes. */
export const exitCodesReference = (): string =>
  markdownTable(
    ['code', 'meaning'],
    Object.values(exitCodes).map((exit) => [String(exit.code), exit.meaning]),
  );

/** Returns the variables that the commands read, and no server. */
export const serverVariablesReference = (): string =>
  markdownTable(
    ['variable', 'what it is for', 'default'],
    Object.entries(serverEnvironmentTable).map(([name, { description, default: preset, isSecret }]) => [
      isSecret === true ? `${code(name)}, ${code('_FILE')}` : code(name),
      description,
      preset,
    ]),
  );
