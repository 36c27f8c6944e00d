import { parseOptions, UsageError, wholeNumberOf } from '@org/measure/run-command';
import type { Effort, Row } from './row.js';

export interface BenchArguments {
  readonly action: 'run' | 'list' | 'help';
  readonly rows: readonly Row[];
  readonly effort: Effort;
  readonly jsonFile: string | undefined;
  readonly isProfiling: boolean;
}

export const usage = `npm run bench -- [options]

  --only NAME    measure this row; may be given several times
  --rounds N     how often each variant is measured (default 5; with fewer there is no verdict)
  --json FILE    write the report as JSON, too
  --profile      write NAME.cpuprofile of the product's process, and show where its time went
  --quick        very short: shows that everything works; the figures mean nothing
  --list         list the rows
  --help         show this

Ends with 0 if every bar holds, 1 if one does not or could not be judged in a full run, 2 for unknown options.`;

const options = {
  only: { type: 'string', multiple: true },
  rounds: { type: 'string' },
  json: { type: 'string' },
  profile: { type: 'boolean' },
  quick: { type: 'boolean' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError */
export function parseArguments(args: readonly string[], known: readonly Row[]): BenchArguments {
  const { values, positionals } = parseOptions(args, options);
  const [unexpected] = positionals;
  if (unexpected !== undefined) throw new UsageError(`Unexpected argument '${unexpected}'.`);
  const unknown = values.only?.find((name) => known.every((row) => row.name !== name));
  if (unknown !== undefined) {
    const names = known.map((row) => row.name).join(', ');
    throw new UsageError(`--only ${unknown}: there is no such row. There are ${names}.`);
  }
  const isQuick = values.quick === true;
  const [warmupMs, measureMs] = isQuick ? [50, 100] : [1000, 3000];
  return {
    action: values.help === true ? 'help' : values.list === true ? 'list' : 'run',
    rows: known.filter(({ name }) => values.only?.includes(name) ?? true),
    effort: { rounds: wholeNumberOf('rounds', values.rounds) ?? (isQuick ? 1 : 5), warmupMs, measureMs, isQuick },
    jsonFile: values.json,
    isProfiling: values.profile === true,
  };
}
