import { parseArgs } from 'node:util';
import type { Effort, Row } from './row.js';

export interface BenchArguments {
  readonly action: 'run' | 'list' | 'help';
  readonly rows: readonly Row[];
  readonly effort: Effort;
  readonly jsonFile: string | undefined;
  readonly isProfiling: boolean;
}

/** It is told to the user, with no stack. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

export const usage = `npm run bench -- [options]

  --only NAME    measure this row alone; may be given several times
  --rounds N     how often each variant is measured (default 5; with fewer there is no verdict)
  --json FILE    write the report as JSON, too
  --profile      write NAME.cpuprofile of the product's process, where it keeps one busy, and show where its time went
  --quick        very short: shows that everything works; the figures mean nothing
  --list         the rows there are
  --help         this

Ends with 0 when every bar holds, 1 when one does not or could not be judged in a full run, 2 for what cannot be understood.`;

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
  const { only, rounds, json, profile, quick, list, help } = parseOptions(args);
  for (const name of only ?? []) {
    if (known.every((row) => row.name !== name)) {
      throw new UsageError(
        `--only ${name}: there is no such row. There are ${known.map((row) => row.name).join(', ')}.`,
      );
    }
  }
  return {
    action: help === true ? 'help' : list === true ? 'list' : 'run',
    rows: known.filter(({ name }) => only?.includes(name) ?? true),
    effort: effortOf(rounds, quick === true),
    jsonFile: json,
    isProfiling: profile === true,
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function effortOf(rounds: string | undefined, isQuick: boolean): Effort {
  const count = rounds === undefined ? (isQuick ? 1 : 5) : Number(rounds);
  if (!Number.isInteger(count) || count < 1)
    throw new UsageError(`--rounds ${rounds}: a whole number from 1 is needed.`);
  const [warmupMs, measureMs] = isQuick ? [50, 100] : [1000, 3000];
  return { rounds: count, warmupMs, measureMs, isQuick };
}
