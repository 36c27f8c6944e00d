import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** One thing to record, as `updateContext` takes it. */
export interface Recording {
  readonly contextType: 'message' | 'file' | 'tool_call' | 'system';
  readonly content: string;
  readonly metadata?: Record<string, unknown>;
  readonly pinned?: boolean;
}

const maxFileBytes = 200_000;
const maxFiles = 400;
const leftOut = new Set(['.git', '.nx', '.tsbuild', 'dist', 'node_modules', 'pnpm-lock.yaml', 'LICENSE']);

/**
 * What an agent that reads its way through a repository would record: each commit as a message and the call that showed
 * it, each file and the call that read it, and the titles of the decision pages, pinned.
 */
export function recordingsOf(repository: string): Recording[] {
  return [
    {
      contextType: 'system',
      content: 'Goal: learn this repository well enough for someone else to go on.',
      pinned: true,
    },
    ...historyOf(repository),
    ...filesOf(repository),
    ...decisionsOf(repository),
  ];
}

/** Returns none for a copy of the repository without its history. */
function historyOf(repository: string): Recording[] {
  return gitLog(repository).flatMap(({ commit, subject, stat }): Recording[] => [
    { contextType: 'tool_call', content: stat, metadata: { tool: 'git', arguments: ['show', '--stat', commit] } },
    { contextType: 'message', content: `${commit}: ${subject}`, metadata: { commit } },
  ]);
}

function gitLog(repository: string): { commit: string; subject: string; stat: string }[] {
  let log: string;
  try {
    log = execFileSync('git', ['log', '--max-count=200', '--stat=100', '--format=%x00%h%x01%s%x01'], {
      cwd: repository,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return [];
  }
  return log
    .split('\0')
    .slice(1)
    .map((record) => {
      const [commit = '', subject = '', stat = ''] = record.split('\u0001');
      return { commit, subject, stat: stat.trim() || 'no files changed' };
    });
}

/** The titles of the decision pages. */
function decisionsOf(repository: string): Recording[] {
  return readdirSync(join(repository, 'docs/decisions'))
    .filter((name) => name !== 'README.md')
    .toSorted()
    .map((name) => {
      const path = `docs/decisions/${name}`;
      const [, title = ''] = /^# (.+)$/m.exec(readFileSync(join(repository, path), 'utf8')) ?? [];
      return { contextType: 'message', content: `Decided: ${title}`, metadata: { path }, pinned: true };
    });
}

function filesOf(repository: string): Recording[] {
  return pathsUnder(repository)
    .slice(0, maxFiles)
    .flatMap((path): Recording[] => {
      const content = readFileSync(join(repository, path), 'utf8');
      if (content === '' || content.includes('\0') || content.includes('\uFFFD')) return [];
      return [
        { contextType: 'tool_call', content: `read ${path}`, metadata: { tool: 'read_file', path } },
        { contextType: 'file', content, metadata: { path } },
      ];
    });
}

function pathsUnder(folder: string, inside = ''): string[] {
  return readdirSync(join(folder, inside), { withFileTypes: true })
    .filter(({ name }) => !leftOut.has(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) return pathsUnder(folder, path);
      return entry.isFile() && statSync(join(folder, path)).size <= maxFileBytes ? [path] : [];
    });
}
