import { expect, it } from 'vitest';
import { runFlow, takeByWeight, type CallRecord } from './run-flow.js';
import type { Flow } from './scenario.js';

const flow: Flow = {
  name: 'hand over',
  weight: 1,
  engine: 'mcp',
  flow: [
    {
      tool: 'requestHandoff',
      arguments: { sessionKey: '{{ session }}', summary: '{{content}} of {{ unknown }}', expiresInSeconds: 7 },
      capture: { handoffId: 'handoff.handoffId' },
    },
    { tool: 'acceptHandoff', arguments: { handoffId: '{{ handoffId }}' }, capture: {} },
  ],
};

/** Runs the flow on a server whose tools give this result. */
async function run(result: Record<string, unknown>): Promise<{ sent: unknown[]; records: CallRecord[] }> {
  const [sent, records]: [unknown[], CallRecord[]] = [[], []];
  const callTool = async (_tool: string, args: unknown): Promise<{ result: Record<string, unknown> }> => {
    sent.push(args);
    return { result };
  };
  // A value is taken literally, whatever it holds.
  const variables = { session: 's-1', content: '$& {{ session }}' };
  const record = (call: CallRecord): unknown => records.push(call);
  await runFlow({ flow, variables, client: { callTool }, intendedMs: performance.now() - 50, record });
  return { sent, records };
}

it('fills placeholders, hands on what a call captured, and times each call from when it was due', async () => {
  const { sent, records } = await run({ handoff: { handoffId: 'h-1' } });
  expect(sent).toEqual([
    { sessionKey: 's-1', summary: '$& {{ session }} of {{ unknown }}', expiresInSeconds: 7 },
    { handoffId: 'h-1' },
  ]);
  const [first, second] = records;
  expect((first?.sentMs ?? NaN) - (first?.intendedMs ?? NaN)).toBeGreaterThanOrEqual(50);
  expect(second?.intendedMs).toBe(first?.endMs);
});

it.each([{ handoff: { handoffId: 7 } }, {}])('ends with a call whose result is %j', async (result) => {
  const { records } = await run(result);
  expect(records.map(({ errorCode }) => errorCode)).toEqual(['no handoff.handoffId in the result']);
});

it('takes flows by their weights, spread evenly', () => {
  const take = takeByWeight([
    { name: 'register', weight: 10 },
    { name: 'update', weight: 70 },
    { name: 'offer', weight: 20 },
  ]);
  for (let round = 0; round < 3; round += 1) {
    const taken = Array.from({ length: 10 }, () => take().name);
    const count = (name: string): number => taken.filter((other) => other === name).length;
    expect([count('register'), count('update'), count('offer')]).toEqual([1, 7, 2]);
  }
});
