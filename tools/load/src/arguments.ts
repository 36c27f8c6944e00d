import { parseArgs } from 'node:util';
import type { ArrivalOptions } from './arrivals.js';
import { eras, type Era } from '@org/bench/mcp-client';
import { scenarioNames, type Changes } from './scenario.js';

export interface LoadArguments extends Changes {
  readonly action: 'run' | 'knee' | 'memory' | 'help';
  /** Of the scenario; `mixed` for the knee. */
  readonly scenario: string;
  readonly runs: number;
  readonly isArtillery: boolean;
  readonly era: Era;
  readonly spread: ArrivalOptions['spread'];
  /** Absent: a server is started. */
  readonly target?: { readonly url: string; readonly metricsUrl?: string; readonly token?: string } | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Of the memory run. */
  readonly flows: number;
  readonly reports: string;
}

/** It is told to the user, with no stack. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

export const usage = `npm run load -- SCENARIO [options]

  ramp           from 1 to 100 calls a second
  mixed          registerSession 10 %, updateContext 70 %, requestHandoff 20 % on 10,000 sessions
  sessions-10k   10,000 sessions, updated in turn
  soak           mixed, 50 a second, 10 minutes of warm-up and 30 that count
  reads          getContext, getBriefing, and offers that are accepted
  knee           the highest rate of mixed that keeps p95 ≤ 100 ms and errors ≤ 0.1 %
  memory         1,000,000 appends and 100,000 handoffs as fast as they go: is the heap flat?

  --rate N            flows a second, where the scenario is fastest; where knee begins (most flows are one call)
  --duration 60s      how long it counts; each step of knee
  --warmup 10s        what comes before, and does not count
  --sessions N        how many sessions there are before the run
  --runs N            so many runs on a fresh server each, and the median of them (default 1)
  --by-chance         arrivals as of independent agents (Poisson) in place of even ones
  --era NAME          modern (MCP 2026-07-28, the default) or legacy
  --artillery         let Artillery make the calls; it is installed at the first use (470 MB), and times from the send
  --flows N           memory: how many flows, 10 of 11 appends (default 1,100,000)
  --env NAME=VALUE    a variable for the server that is started; may be given several times
  --target URL        drive the server at this URL, for instance http://127.0.0.1:3000/mcp, in place of starting one;
                      its sessions stay there
  --metrics URL       where that server exposes its metrics; --token TOKEN: its bearer token
  --reports FOLDER    where reports go (default reports)
  --help              this

knee is one run, and takes no --runs; memory goes as fast as it can, and takes no --rate, --duration, --warmup or --runs.
Starts mcp-http on a new database of the PostgreSQL in DATABASE_TEST_URL (default: this machine's), with the Redis in
REDIS_TEST_URL. Ctrl-C ends a run, and reports it so far. Ends with 0 when every bar holds, 1 when one does not or the run
is void, 2 for what cannot be understood, 130 when stopped.`;

const options = {
  rate: { type: 'string' },
  duration: { type: 'string' },
  warmup: { type: 'string' },
  sessions: { type: 'string' },
  runs: { type: 'string' },
  'by-chance': { type: 'boolean' },
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
  const { values, positionals } = parseOptions(args);
  const [name, ...others] = positionals;
  const isHelp = values.help === true || name === undefined;
  const names = [...new Set(['knee', ...scenarioNames])].toSorted();
  if (!isHelp && (!names.includes(name) || others.length > 0)) {
    throw new UsageError(`${positionals.join(' ')}: name one of ${names.join(', ')}.`);
  }
  const action = isHelp ? 'help' : name === 'knee' || name === 'memory' ? name : 'run';
  if (values.target !== undefined && action === 'memory') {
    throw new UsageError('--target: memory needs a server that it may look into, and starts it.');
  }
  if (action !== 'help') refuseIgnored(positionals.join(' '), action, values);
  return {
    action,
    scenario: name === 'knee' || name === undefined ? 'mixed' : name,
    rate: numberOf('rate', values.rate),
    durationSeconds: positiveDuration('duration', values.duration),
    warmupSeconds: durationOf('warmup', values.warmup),
    sessions: wholeOf('sessions', values.sessions),
    runs: wholeOf('runs', values.runs) ?? 1,
    isArtillery: values.artillery === true,
    era: eraOf(values.era),
    spread: values['by-chance'] === true ? 'by chance' : 'evenly',
    target: targetOf(values),
    env: Object.fromEntries((values.env ?? []).map(assignment)),
    flows: wholeOf('flows', values.flows) ?? 1_100_000,
    reports: values.reports ?? 'reports',
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

type Measuring = Exclude<LoadArguments['action'], 'help'>;

/** Who takes an option that not all of them take. */
const takenBy: Readonly<Partial<Record<keyof typeof options, readonly Measuring[]>>> = {
  rate: ['run', 'knee'],
  duration: ['run', 'knee'],
  warmup: ['run', 'knee'],
  runs: ['run'],
  'by-chance': ['run', 'knee'],
  artillery: ['run'],
  flows: ['memory'],
};

/** @throws UsageError for what would be ignored */
function refuseIgnored(name: string, action: Measuring, values: Readonly<Partial<Record<string, unknown>>>): void {
  for (const [option, takers] of Object.entries(takenBy)) {
    if (values[option] === undefined || takers.includes(action)) continue;
    const scenarios = scenarioNames.filter((scenario) => scenario !== 'memory');
    const names = takers.flatMap((taker) => (taker === 'run' ? scenarios : [taker]));
    throw new UsageError(`--${option}: not with ${name}, but with ${names.join(', ')}.`);
  }
  if (values['env'] !== undefined && values['target'] !== undefined) {
    throw new UsageError('--env: not with --target, whose server has its environment already.');
  }
  if (values['by-chance'] === true && values['artillery'] === true) {
    throw new UsageError('--by-chance: not with --artillery, which spreads arrivals in its own way.');
  }
}

function targetOf({ target, metrics, token }: { target?: string; metrics?: string; token?: string }) {
  for (const url of [target, metrics]) {
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new UsageError(`${url}: a URL such as http://127.0.0.1:3000/mcp is needed.`);
    }
  }
  if (target === undefined && (metrics ?? token) !== undefined) {
    throw new UsageError('--metrics and --token: only with --target.');
  }
  return target === undefined
    ? undefined
    : { url: target, ...(metrics !== undefined && { metricsUrl: metrics }), ...(token !== undefined && { token }) };
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

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number)))
    throw new UsageError(`--${option} ${text}: a number above 0 is needed.`);
  return number;
}

function wholeOf(option: string, text: string | undefined): number | undefined {
  const number = numberOf(option, text);
  if (number !== undefined && !Number.isInteger(number)) {
    throw new UsageError(`--${option} ${text}: a whole number is needed.`);
  }
  return number;
}

function positiveDuration(option: string, text: string | undefined): number | undefined {
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
