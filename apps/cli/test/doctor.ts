import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { unprivilegedUser } from '@org/store-kysely/testing';
import type { Finding } from '../src/doctor/finding.js';

const program = join(import.meta.dirname, '..', 'dist', 'main.js');

export interface DoctorOptions {
  /** The home folder and the working folder. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Whether it runs as a user without rights, if the tests run as root. */
  readonly unprivileged?: boolean;
}

export interface DoctorRun {
  readonly code: number;
  readonly stderr: string;
  readonly findings: readonly Finding[];
}

/** Runs `context-store doctor --json`. */
export async function runDoctor({
  home,
  env = {},
  args = [],
  unprivileged = false,
}: DoctorOptions): Promise<DoctorRun> {
  const user = unprivileged ? await unprivilegedUser() : {};
  const options = { cwd: home, env: { PATH: process.env['PATH'], HOME: home, ...env }, ...user };
  const { promise, resolve } = Promise.withResolvers<{ code: number; stdout: string; stderr: string }>();
  execFile(process.execPath, [program, 'doctor', '--json', ...args], options, (error, stdout, stderr) =>
    resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
  );
  const { code, stdout, stderr } = await promise;
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, stderr, findings };
}

/** Returns the findings of a check as lines: `state: message. advice`. */
export const linesOf = ({ findings }: DoctorRun, check: string): string[] =>
  findings
    .filter((finding) => finding.check === check)
    .map(({ state, message, advice }) => `${state}: ${message}${advice === undefined ? '' : `. ${advice}`}`);
