import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { runInProcess } from './run-in-process.js';

const scriptFor = async (shell: string): Promise<string> =>
  (await runInProcess(['completion', shell], { env: {} })).stdout;

it.each([
  ['context-store s', ['sessions', 'show']],
  ['context-store tail work --f', ['--follow']],
  ['context-store resolve id --outcome re', ['rejected', 'returned']],
  ['context-store completion ', ['bash', 'zsh', 'fish', '--help']],
  ['context-store take-over work --agent ', []],
])('completes `%s` in bash', async (line, expected) => {
  const words = line.split(' ');
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `${await scriptFor('bash')}
COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1}
_context_store
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc'], { input: script, encoding: 'utf8' });
  expect({ stderr, words: stdout.split('\n').filter((word) => word !== '') }).toEqual({ stderr: '', words: expected });
});

it.each(['zsh', 'fish'])('writes every command and option for %s', async (shell) => {
  const script = await scriptFor(shell);
  for (const word of ['take-over', 'idempotency-key', 'full_handoff']) expect(script).toContain(word);
});
