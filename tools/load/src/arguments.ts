import { eras, type Era } from '@org/measure/mcp-client';
import { numberOf, parseOptions, UsageError, wholeNumberOf } from '@org/measure/run-command';
import { scenarioNames, type Changes } from './scenario/scenario.js';
import type { Target } from './target.js';

export interface LoadArguments extends Changes {
  readonly action: 'run' | 'capacity' | 'memory' | 'help';
  readonly scenario: string;
  readonly runs: number;
  readonly isArtillery: boolean;
  readonly era: Era;
  /** Default: a server is started. */
  readonly target?: Target | undefined;
  /** Variables of the server that is started. */
  readonly env: Readonly<Record<string, string>>;
  /** How many flows the memory run has. */
  readonly flows: number;
  readonly reports: string;
}

export const usage = `npm run load -- SCENARIO [options]

  ramp           from 1 to 100 calls a second
  mixed          registerSession 10 %, updateContext 70 %, requestHandoff 20 % on 10,000 sessions
  sessions-10k   10,000 sessions, updated in turn
  soak           mixed, 50 a second, 10 minutes of warm-up and 30 that count
  reads          getContext, getBriefing, and offers that are accepted
  capacity       the highest rate of mixed that keeps p95 ≤ 100 ms and errors ≤ 0.1 %
  memory         1,000,000 appends and 100,000 handoffs as fast as they are answered: is the heap flat?

  --rate N            flows a second, at the peak of the scenario; the first rate of capacity (most flows are one call)
  --duration 60s      how long it counts; each step of capacity
  --warmup 10s        the time before, which does not count
  --sessions N        how many sessions there are before the run
  --runs N            run N times, each on a fresh server, and report the median (default 1)
  --era NAME          modern (MCP 2026-07-28, the default) or legacy
  --artillery         let Artillery make the calls; it is installed at the first use (470 MB), and times from the send
  --flows N           memory: how many flows, 10 of 11 appends (default 1,100,000)
  --env NAME=VALUE    a variable for the server that is started; may be given several times
  --target URL        drive the server at this URL, for instance http://127.0.0.1:3000/mcp, in place of starting one;
                      the sessions of the run stay there
  --metrics URL       where that server exposes its metrics; --token TOKEN: its bearer token
  --reports FOLDER    where reports go (default reports)
  --help              show this

capacity is one run, and takes no --runs; memory has no rate, and takes no --rate, --duration, --warmup or --runs.
Starts mcp-http on a new database of the PostgreSQL in DATABASE_TEST_URL (default: this machine's), with the Redis in
REDIS_TEST_URL. Ctrl-C ends a run, and reports it so far. Ends with 0 if every bar holds, 1 if one does not or the run
is void, 2 for arguments that are not understood, 130 if stopped.`;

const options = {
  rate: { type: 'string' },
  duration: { type: 'string' },
  warmup: { type: 'string' },
  sessions: { type: 'string' },
  runs: { type: 'string' },
  era: { type: 'string' },
  artillery: { type: 'boolean' },
  flows: { type: 'string' },
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
  // An earlier name of capacity.
  const [name, ...others] = positionals.map((given) => (given === 'knee' ? 'capacity' : given));
  const isHelp = values.help === true || name === undefined;
  const names = ['capacity', ...scenarioNames];
  if (!isHelp && (!names.includes(name) || others.length > 0)) {
    throw new UsageError(`${positionals.join(' ')}: name one of ${names.join(', ')}.`);
  }
  const action = isHelp ? 'help' : name === 'capacity' || name === 'memory' ? name : 'run';
  if (action !== 'help') refuseIgnored(name ?? '', action, values);
  return {
    action,
    scenario: name === 'capacity' || name === undefined ? 'mixed' : name,
    rate: numberOf('rate', values.rate),
    durationSeconds: positiveDurationOf('duration', values.duration),
    warmupSeconds: durationOf('warmup', values.warmup),
    sessions: wholeNumberOf('sessions', values.sessions),
    runs: wholeNumberOf('runs', values.runs) ?? 1,
    isArtillery: values.artillery === true,
    era: eraOf(values.era),
    target: targetOf(values),
    env: Object.fromEntries((values.env ?? []).map(assignment)),
    flows: wholeNumberOf('flows', values.flows) ?? 1_100_000,
    reports: values.reports ?? 'reports',
  };
}

type Measuring = Exclude<LoadArguments['action'], 'help'>;

/** The actions that take an option, if not all do. */
const takenBy: Readonly<Partial<Record<keyof typeof options, readonly Measuring[]>>> = {
  rate: ['run', 'capacity'],
  duration: ['run', 'capacity'],
  warmup: ['run', 'capacity'],
  runs: ['run'],
  artillery: ['run'],
  flows: ['memory'],
};

/** @throws UsageError for an option that would have no effect */
function refuseIgnored(name: string, action: Measuring, values: Readonly<Partial<Record<string, unknown>>>): void {
  for (const [option, takers] of Object.entries(takenBy)) {
    if (values[option] === undefined || takers.includes(action)) continue;
    const scenarios = scenarioNames.filter((scenario) => scenario !== 'memory');
    const taking = takers.flatMap((taker) => (taker === 'run' ? scenarios : [taker]));
    throw new UsageError(`--${option}: not with ${name}, but with ${taking.join(', ')}.`);
  }
  if (values['target'] === undefined) return;
  if (action === 'memory') throw new UsageError('--target: memory needs a server that it starts, to see its heap.');
  if (values['env'] !== undefined) {
    throw new UsageError('--env: not with --target, whose server has its environment already.');
  }
}

function targetOf({
  target,
  metrics,
  token,
}: {
  target?: string;
  metrics?: string;
  token?: string;
}): Target | undefined {
  for (const url of [target, metrics]) {
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new UsageError(`${url}: a URL such as http://127.0.0.1:3000/mcp is needed.`);
    }
  }
  if (target !== undefined) return { url: target, metricsUrl: metrics, token, settings: { server: target } };
  if ((metrics ?? token) !== undefined) throw new UsageError('--metrics and --token: only with --target.');
  return undefined;
}

function eraOf(name: string = eras[0]): Era {
  const era = eras.find((known) => known === name);
  if (era === undefined) throw new UsageError(`--era ${name}: ${eras.join(' or ')}.`);
  return era;
}

function assignment(text: string): [string, string] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`--env ${text}: NAME=VALUE is needed.`);
  return [name, value];
}

function positiveDurationOf(option: string, text: string | undefined): number | undefined {
  const seconds = durationOf(option, text);
  if (seconds === 0) throw new UsageError(`--${option} ${text}: a time above 0 is needed.`);
  return seconds;
}

const secondsPer: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function durationOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  if (number === undefined) throw new UsageError(`--${option} ${text}: a time such as 60s or 10m is needed.`);
  return Number(number) * (secondsPer[unit || 's'] ?? 1);
}
