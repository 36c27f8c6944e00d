import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { basename, resolve } from 'node:path';
import type { ProfileReport } from './report.js';

/** What V8 writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Which node was seen. */
  readonly samples?: readonly number[] | undefined;
  /** How long before it the last look was, in microseconds. */
  readonly timeDeltas?: readonly number[] | undefined;
}

const samplingIntervalUs = 200;
const shown = 25;

/** Profiles this process while something runs. */
export async function profileThisProcess(run: () => Promise<unknown>): Promise<CpuProfile> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
    await session.post('Profiler.start');
    await run();
    const { profile } = await session.post('Profiler.stop');
    return profile;
  } finally {
    session.disconnect();
  }
}

/** Arguments of Node for a process that is to leave such a profile in a folder when it ends. */
export const profilingArguments = (folder: string): string[] => [
  '--cpu-prof',
  `--cpu-prof-dir=${folder}`,
  `--cpu-prof-interval=${samplingIntervalUs}`,
];

/** Writes `NAME.cpuprofile` into the current folder. */
export async function writeProfile(name: string, profile: CpuProfile): Promise<ProfileReport> {
  const file = resolve(`${name}.cpuprofile`);
  await writeFile(file, JSON.stringify(profile));
  return { file, hottest: hottest(profile) };
}

/** The functions that most of the busy time went by in, their callees not counted. */
function hottest({ nodes, samples = [], timeDeltas = [] }: CpuProfile): ProfileReport['hottest'] {
  const whereOf = new Map(nodes.map(({ id, callFrame }) => [id, nameFrame(callFrame)]));
  const selfUs = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const where = whereOf.get(id) ?? '';
    selfUs.set(where, (selfUs.get(where) ?? 0) + (timeDeltas[index] ?? 0));
  }
  selfUs.delete('(idle)');
  const totalUs = [...selfUs.values()].reduce((sum, us) => sum + us, 0);
  return [...selfUs]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, shown)
    .map(([where, us]) => ({ where, selfPercent: (100 * us) / totalUs }));
}

function nameFrame({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`;
}
