import { errorCodes, handoffTransitions, sessionTransitions } from '@org/domain';
import { markdownTable } from './markdown-table.js';
import { stateDiagram } from './state-diagram.js';

/** The generated sections of the documents in `docs`, by file and name. */
export const generatedDocs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'handoff.md': {
    'session states': stateDiagram(sessionTransitions, 'active'),
    'handoff states': stateDiagram(handoffTransitions, 'pending'),
  },
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
