import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { program } from '../support/mcp-http.js';

/** Runs the server on a terminal until it is ready, and stops it. */
async function onTerminal(env: Record<string, string>): Promise<string> {
  const command = `exec ${process.execPath} ${program}`;
  const all = {
    PATH: process.env['PATH'],
    PORT: '0',
    METRICS_PORT: 'off',
    DATABASE_URL: 'sqlite::memory:',
    TERM: 'xterm-256color',
    ...env,
  };
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env: all });
  let [output, isStopped] = ['', false];
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
    if (isStopped || !output.includes('Ready')) return;
    isStopped = true;
    // Ctrl-C, as a user types it.
    child.stdin.write('\u0003');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(0);
  return output;
}

it('prints a welcome and readable lines on a terminal', async () => {
  const output = await onTerminal({});
  expect(output).toContain('\u001B[32mINFO');
  const lines = stripVTControlCharacters(output).split('\r\n');
  expect(lines[0]).toMatch(/^Context store \d/);
  expect(lines.filter((line) => /\[\d\d:\d\d:\d\d\] INFO: /.test(line))).toEqual([
    expect.stringMatching(/Ready .*"url":"http:.*"database":"in memory/),
    expect.stringMatching(/Stopping.*"signal":"SIGINT"/),
    expect.stringMatching(/Stopped/),
  ]);
  expect(output).not.toContain('"level"');
});

it('has no colours if NO_COLOR is set', async () => {
  const output = await onTerminal({ NO_COLOR: '1' });
  expect(output).toMatch(/INFO: Ready/);
  expect(output).not.toContain('\u001B[');
});
