import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
const T = process.env.T ?? '/tmp/o/stdio.db';
const child = spawn(
  process.execPath,
  [
    ...(process.env.PROF ? ['--cpu-prof', '--cpu-prof-dir=/tmp/o'] : []),
    new URL('../../apps/mcp-stdio/dist/main.js', import.meta.url).pathname,
  ],
  { env: { ...process.env, DATABASE_URL: `sqlite:${T}`, CONTEXT_AGENT: 'a' }, stdio: ['pipe', 'pipe', 'inherit'] },
);
let resolve;
let buf = [];
child.stdout.on('data', (d) => {
  buf.push(d);
  if (d[d.length - 1] === 10) {
    const all = buf;
    buf = [];
    resolve(all);
  }
});
const call = (m) =>
  new Promise((r) => {
    resolve = r;
    child.stdin.write(JSON.stringify({ jsonrpc: '2.0', ...m }) + '\n');
  });
await call({
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
});
child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
const tool = (id, name, args) => call({ id, method: 'tools/call', params: { name, arguments: args } });
await tool(2, 'registerSession', { sessionKey: 'w', ifExists: 'resume' });
const first = Buffer.concat(await tool(3, 'getContext', { sessionKey: 'w', limit: 1 })).toString();
if (!/lastSequence\\":200/.test(first))
  for (let i = 0; i < 200; i++)
    await tool(10 + i, 'updateContext', {
      sessionKey: 'w',
      contextType: 'message',
      content: 'some text of an entry\n'.repeat(22),
    });
for (const [name, args] of [
  ['latest50', { sessionKey: 'w', limit: 50, maxTokens: 25000 }],
  ['briefing', null],
  ['ping', 'ping'],
]) {
  const lat = [];
  let size = 0;
  const c0 = process.cpuUsage();
  for (let i = 0; i < 2000; i++) {
    const t = performance.now();
    const a =
      args === 'ping'
        ? await call({ id: 1000 + i, method: 'ping' })
        : args
          ? await tool(1000 + i, 'getContext', args)
          : await tool(1000 + i, 'getBriefing', { sessionKey: 'w' });
    lat.push(performance.now() - t);
    size = a.reduce((s, b) => s + b.length, 0);
  }
  lat.splice(0, 300);
  lat.sort((a, b) => a - b);
  console.log(
    name,
    'p50',
    lat[lat.length >> 1].toFixed(3),
    'p95',
    lat[Math.floor(lat.length * 0.95)].toFixed(3),
    'bytes',
    size,
  );
}
child.stdin.end();
