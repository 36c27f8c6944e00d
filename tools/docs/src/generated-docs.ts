import { environmentTable, type EnvironmentTable } from '@org/context-store/environment';
import { errorCodes, handoffTransitions, sessionTransitions } from '@org/domain';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import { markdownTable } from './markdown-table.js';
import { stateDiagram } from './state-diagram.js';

const httpOnly = Object.fromEntries(
  Object.entries(httpEnvironmentTable).filter(([name]) => !(name in environmentTable)),
);

const variablesTable = (variables: EnvironmentTable): string =>
  markdownTable(
    ['variable', 'what it is for', 'default'],
    Object.entries(variables).map(([name, { description, default: preset }]) => [`\`${name}\``, description, preset]),
  );

/** The generated sections of the documents in `docs`, by file and name. */
export const generatedDocs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'handoff.md': {
    'session states': stateDiagram(sessionTransitions, 'active'),
    'handoff states': stateDiagram(handoffTransitions, 'pending'),
  },
  'configuration.md': { 'every program': variablesTable(environmentTable), 'mcp-http': variablesTable(httpOnly) },
  'errors.md': {
    errors: markdownTable(
      ['code', 'retry', 'meaning'],
      Object.entries(errorCodes).map(([code, { retryable, meaning }]) => [
        `\`${code}\``,
        retryable ? 'yes' : 'no',
        meaning,
      ]),
    ),
  },
};
