import { describe, expect, it } from 'vitest';
import { changeScenario, highestRate, parseScenario, readScenario, scenarioNames, secondsOf } from './scenario.js';

const weightsByTool = (name: string): Record<string, number> => {
  const { flows } = readScenario(name);
  const total = flows.reduce((sum, { weight }) => sum + weight, 0);
  const shares: Record<string, number> = {};
  for (const { weight, flow } of flows) {
    const [{ tool } = { tool: '' }] = flow;
    shares[tool] = (shares[tool] ?? 0) + weight / total;
  }
  return shares;
};

describe('the scenarios', () => {
  it('are those of the documentation', () => {
    expect(scenarioNames).toEqual(['memory', 'mixed', 'ramp', 'reads', 'sessions-10k', 'soak']);
  });

  it.each(['mixed', 'ramp', 'soak'])('%s: registerSession 10 %%, updateContext 70 %%, requestHandoff 20 %%', (name) => {
    const { registerSession, updateContext, requestHandoff, ...others } = weightsByTool(name);
    expect([registerSession, updateContext, others]).toEqual([0.1, 0.7, {}]);
    expect(requestHandoff).toBeCloseTo(0.2);
  });

  it('soak: 50 a second, 10 minutes of warm-up, 30 that count', () => {
    const soak = readScenario('soak');
    expect([highestRate(soak), secondsOf(soak.phases, true), secondsOf(soak.phases, false)]).toEqual([50, 600, 1800]);
  });

  it('ramp: from 1 to 100', () => {
    expect(readScenario('ramp').phases.at(-1)).toMatchObject({ fromRate: 1, toRate: 100, isWarmup: false });
  });

  it('sessions-10k: 10,000 sessions, each written to', () => {
    const scenario = readScenario('sessions-10k');
    const calls = highestRate(scenario) * secondsOf(scenario.phases, false);
    expect(scenario).toMatchObject({ sessions: 10_000, choose: 'in turn' });
    expect(calls).toBeGreaterThanOrEqual(10_000);
    expect(weightsByTool('sessions-10k')).toEqual({ updateContext: 1 });
  });

  it('reads: with getContext and acceptHandoff', () => {
    const tools = readScenario('reads').flows.flatMap(({ flow }) => flow.map(({ tool }) => tool));
    expect(tools).toEqual(expect.arrayContaining(['getContext', 'acceptHandoff']));
  });

  it('memory: ten appends to a handoff', () => {
    expect(weightsByTool('memory')['updateContext']).toBeCloseTo(10 / 11);
  });

  it('are judged by the founding guide, unless they set stricter bars', () => {
    expect(readScenario('ramp').bars).toEqual({ p95Ms: 100, errorShare: 0.001, cpuShare: 0.7, memoryShare: 0.8 });
    expect(readScenario('mixed').bars).toEqual({ p95Ms: 10, errorShare: 0, cpuShare: 0.7, memoryShare: 0.8 });
  });
});

describe('changes', () => {
  it('scale the rates of all phases, and stretch what counts', () => {
    const { phases, sessions } = changeScenario(readScenario('ramp'), { rate: 50, durationSeconds: 2, sessions: 7 });
    expect(phases).toEqual([
      { durationSeconds: 2, fromRate: 0.5, toRate: 0.5, isWarmup: true },
      { durationSeconds: 2, fromRate: 0.5, toRate: 50, isWarmup: false },
    ]);
    expect(sessions).toBe(7);
  });

  it('leave the warm-up of a longer run as it is', () => {
    const soak = readScenario('soak');
    expect(secondsOf(changeScenario(soak, { durationSeconds: 3600 }).phases, true)).toBe(600);
  });

  it('leave a scenario as it is if there are none', () => {
    expect(changeScenario(readScenario('soak'), {})).toEqual(readScenario('soak'));
  });

  it('are exact', () => {
    const [warmup] = changeScenario(readScenario('soak'), { warmupSeconds: 0.1 }).phases;
    expect(warmup?.durationSeconds).toBe(0.1);
  });

  it('may remove the warm-up', () => {
    expect(changeScenario(readScenario('mixed'), { warmupSeconds: 0 }).phases).toEqual([
      { durationSeconds: 60, fromRate: 100, toRate: 100, isWarmup: false },
    ]);
  });
});

describe('a scenario file is refused', () => {
  const file = ({ phases = '[{ duration: 1, arrivalRate: 1 }]', key = '{{ session }}', flow = '' } = {}): string => `
config:
  phases: ${phases}
  engines: { mcp: { title: T, sessions: 1 } }
scenarios:
  - name: read
    engine: mcp
    flow:
      - tool: getContext
        arguments: { sessionKey: '${key}' }
${flow}`;

  it('not when it is right', () => {
    expect(parseScenario('right', file())).toMatchObject({ name: 'right', entriesPerSession: 0 });
  });

  it.each([
    ['needs what nothing provides', file({ key: '{{ handoffId }}' }), 'read needs {{ handoffId }}'],
    ['has a word too many', file({ flow: '        think: 1' }), 'think'],
    ['counts nothing', file({ phases: '[{ name: warm-up, duration: 1, arrivalRate: 1 }]' }), 'nothing is counted'],
    [
      'warms up too late',
      file({ phases: '[{ duration: 1, arrivalRate: 1 }, { name: warm-up, duration: 1, arrivalRate: 1 }]' }),
      'comes before',
    ],
  ])('when it %s', (_case, text, said) => {
    expect(() => parseScenario('wrong', text)).toThrow(said);
  });
});
