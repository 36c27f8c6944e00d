import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { basename, join, resolve } from 'node:path';

/** The part of V8's format that is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node that was running at each sample. */
  readonly samples?: readonly number[] | undefined;
  /** Microseconds since the sample before. */
  readonly timeDeltas?: readonly number[] | undefined;
}

export interface WrittenProfile {
  /** For the developer tools of a browser. */
  readonly file: string;
  readonly hottest: readonly { readonly where: string; readonly selfPercent: number }[];
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
    return (await session.post('Profiler.stop')).profile;
  } finally {
    session.disconnect();
  }
}

/** Profiles a process that is started with the given options of Node.js, and has ended when `run` resolves. */
export async function profileProcess(
  parentFolder: string,
  run: (nodeArguments: readonly string[]) => Promise<unknown>,
): Promise<CpuProfile> {
  const folder = await mkdtemp(join(parentFolder, 'profile-'));
  await run(['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${samplingIntervalUs}`]);
  const [file = ''] = await readdir(folder);
  return JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile;
}

/** Writes `NAME.cpuprofile` into the current folder. */
export async function writeProfile(name: string, profile: CpuProfile): Promise<WrittenProfile> {
  const file = resolve(`${name}.cpuprofile`);
  await writeFile(file, JSON.stringify(profile));
  return { file, hottest: hottest(profile) };
}

/** The functions that took most of the busy time, without the functions that they call. */
function hottest({ nodes, samples = [], timeDeltas = [] }: CpuProfile): WrittenProfile['hottest'] {
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
