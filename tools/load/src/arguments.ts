import { numberOf, parseOptions, UsageError, wholeNumberOf } from '@org/measure/run-command';
import { readScenario, scenarioNames, type Changes } from './scenario.js';
import type { Target } from './target.js';

export interface LoadArguments extends Changes {
  readonly action: 'run' | 'artillery' | 'capacity' | 'help';
  readonly scenario: string;
  readonly runs: number;
  /** Default: a server is started. */
  readonly target?: Target | undefined;
  /** Variables of the server that is started. */
  readonly env: Readonly<Record<string, string>>;
  readonly reports: string;
}

export const usage = `npm run load -- SCENARIO [options]

${scenarioNames.map((name) => `  ${name.padEnd(14)} ${readScenario(name).title}`).join('\n')}
  capacity       The highest rate of mixed that keeps p95 ≤ 100 ms and errors ≤ 0.1 %.

  --rate N            flows a second, at the peak of the scenario; the first rate of capacity (most flows are one call)
  --duration 60s      how long it counts; each step of capacity
  --warmup 10s        the time before, which does not count
  --sessions N        how many sessions there are before the run
  --runs N            run N times, each on a fresh server, and report the median (default 1)
  --by artillery      let Artillery run the scenario and report it, from the send of each call; it is installed at the
                      first use (470 MB)
  --env NAME=VALUE    a variable for the server that is started; may be given several times
  --target URL        drive the server at this URL, for instance http://127.0.0.1:3000/mcp, in place of starting one;
                      the sessions of the run stay there
  --metrics URL       where that server exposes its metrics; --token TOKEN: its bearer token
  --reports FOLDER    where reports go (default reports)
  --help              show this

Starts mcp-http on a new database of the PostgreSQL in DATABASE_TEST_URL (default: this machine's), with the Redis in
REDIS_TEST_URL. Ctrl-C ends a run, and reports it so far. Ends with 0 if every bar holds, 1 if one does not or the run
is void, 2 for arguments that are not understood, 130 if stopped.`;

const options = {
  rate: { type: 'string' },
  duration: { type: 'string' },
  warmup: { type: 'string' },
  sessions: { type: 'string' },
  runs: { type: 'string' },
  by: { type: 'string' },
  env: { type: 'string', multiple: true },
  target: { type: 'string' },
  metrics: { type: 'string' },
  token: { type: 'string' },
  reports: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError */
export function parseArguments(args: readonly string[]): LoadArguments {
  const { values, positionals } = parseOptions(args, options);
  const { target, metrics, token, env = [] } = values;
  const [name, ...others] = positionals;
  const isHelp = values.help === true || name === undefined;
  const isCapacity = name === 'capacity';
  const names = ['capacity', ...scenarioNames];
  const problems: readonly (readonly [isProblem: boolean, message: string])[] = [
    [name !== undefined && !names.includes(name), `${name}: name one of ${names.join(', ')}.`],
    [others.length > 0, `${others.join(' ')}: one scenario is run at a time.`],
    [values.by !== undefined && values.by !== 'artillery', `--by ${values.by}: artillery is the only choice.`],
    [isCapacity && values.by !== undefined, '--by: not with capacity.'],
    [
      (isCapacity || values.by !== undefined) && values.runs !== undefined,
      '--runs: only with a scenario of our driver.',
    ],
    [target === undefined && (metrics ?? token) !== undefined, '--metrics and --token: only with --target.'],
    [target !== undefined && env.length > 0, '--env: not with --target, whose server has its environment already.'],
  ];
  const problem = problems.find(([isProblem]) => isProblem);
  if (problem !== undefined) throw new UsageError(problem[1]);
  return {
    action: isHelp ? 'help' : isCapacity ? 'capacity' : values.by === undefined ? 'run' : 'artillery',
    scenario: isHelp || isCapacity ? 'mixed' : name,
    rate: numberOf('rate', values.rate),
    durationSeconds: secondsOf('duration', values.duration),
    warmupSeconds: values.warmup === '0' ? 0 : secondsOf('warmup', values.warmup),
    sessions: wholeNumberOf('sessions', values.sessions),
    runs: wholeNumberOf('runs', values.runs) ?? 1,
    target:
      target === undefined
        ? undefined
        : { url: urlOf(target), metricsUrl: metrics && urlOf(metrics), token, settings: { server: target } },
    env: Object.fromEntries(env.map(assignment)),
    reports: values.reports ?? 'reports',
  };
}

function urlOf(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new UsageError(`${text}: a URL such as http://127.0.0.1:3000/mcp is needed.`);
}

function assignment(text: string): [string, string] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`--env ${text}: NAME=VALUE is needed.`);
  return [name, value];
}

const secondsPer: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function secondsOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(text) ?? [];
  const seconds = Number(number) * (secondsPer[unit] ?? NaN);
  if (seconds > 0) return seconds;
  throw new UsageError(`--${option} ${text}: a time such as 60s or 10m is needed.`);
}
