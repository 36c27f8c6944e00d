import { parseOptions, UsageError, wholeNumberOf } from '@org/measure/run-command';
import type { Effort, Subject } from './row.js';
import { subjects } from './subjects.js';

export interface BenchArguments {
  readonly isHelp: boolean;
  readonly subjects: readonly Subject[];
  readonly effort: Effort;
  readonly jsonFile: string | undefined;
}

export const usage = `npm run bench -- [options]

  --only NAME    measure this subject; may be given several times
  --rounds N     how often each side is measured (default 5; with fewer there is no verdict)
  --json FILE    write the report as JSON, too
  --quick        very short: shows that everything works; the figures mean nothing
  --help         show this

Subjects:
${subjects.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join('\n')}

Ends with 0 if every bar holds, 1 if one does not or could not be judged in a full run, 2 for unknown options.`;

const options = {
  only: { type: 'string', multiple: true },
  rounds: { type: 'string' },
  json: { type: 'string' },
  quick: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError */
export function parseArguments(args: readonly string[]): BenchArguments {
  const { values, positionals } = parseOptions(args, options);
  if (positionals.length > 0) throw new UsageError(`Unexpected argument '${positionals[0]}'.`);
  const unknown = values.only?.find((name) => subjects.every((subject) => subject.name !== name));
  if (unknown !== undefined) throw new UsageError(`--only ${unknown}: there is no such subject.`);
  const isQuick = values.quick === true;
  const [warmupMs, measureMs] = isQuick ? [50, 100] : [1000, 3000];
  return {
    isHelp: values.help === true,
    subjects: subjects.filter(({ name }) => values.only?.includes(name) ?? true),
    effort: { rounds: wholeNumberOf('rounds', values.rounds) ?? (isQuick ? 1 : 5), warmupMs, measureMs, isQuick },
    jsonFile: values.json,
  };
}
