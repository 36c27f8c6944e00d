import { describe, expect, it } from 'vitest';
import {
  changeScenario,
  countedSecondsOf,
  peakRate,
  readScenario,
  scenarioNames,
  warmupSecondsOf,
} from './scenario.js';

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

describe('the scenarios of the founding guide', () => {
  it.each(['mixed', 'ramp', 'soak'])('%s: registerSession 10 %%, updateContext 70 %%, requestHandoff 20 %%', (name) => {
    const { registerSession, updateContext, requestHandoff, ...others } = weightsByTool(name);
    expect([registerSession, updateContext, others]).toEqual([0.1, 0.7, {}]);
    expect(requestHandoff).toBeCloseTo(0.2);
  });

  it('soak: 50 a second, 10 minutes of warm-up, 30 that count', () => {
    const soak = readScenario('soak');
    expect([peakRate(soak), warmupSecondsOf(soak), countedSecondsOf(soak)]).toEqual([50, 600, 1800]);
  });

  it('ramp: from 1 to 100', () => {
    expect(readScenario('ramp').phases.at(-1)).toEqual({ duration: 120, arrivalRate: 1, rampTo: 100 });
  });

  it('sessions-10k: 10,000 sessions, each written to', () => {
    const scenario = readScenario('sessions-10k');
    expect(scenario).toMatchObject({ sessions: 10_000, choose: 'in turn' });
    expect(peakRate(scenario) * countedSecondsOf(scenario)).toBeGreaterThanOrEqual(10_000);
    expect(weightsByTool('sessions-10k')).toEqual({ updateContext: 1 });
  });

  it('are judged by its goals, or by stricter ones', () => {
    expect(scenarioNames.map((name) => [name, readScenario(name).bars])).toEqual([
      ['mixed', { p95Ms: 10, errorShare: 0 }],
      ['ramp', { p95Ms: 100, errorShare: 0.001 }],
      ['reads', { p95Ms: 100, errorShare: 0.001 }],
      ['sessions-10k', { p95Ms: 100, errorShare: 0 }],
      ['soak', { p95Ms: 10, errorShare: 0 }],
    ]);
  });
});

describe('changes', () => {
  it('scale the rates of all phases, and stretch what counts', () => {
    const { phases, sessions } = changeScenario(readScenario('ramp'), { rate: 50, durationSeconds: 2, sessions: 7 });
    expect(phases).toEqual([
      { name: 'warm-up', duration: 2, arrivalRate: 0.5 },
      { duration: 2, arrivalRate: 0.5, rampTo: 50 },
    ]);
    expect(sessions).toBe(7);
  });

  it('leave the warm-up of a longer run as it is, or remove it', () => {
    const soak = readScenario('soak');
    expect(warmupSecondsOf(changeScenario(soak, { durationSeconds: 3600 }))).toBe(600);
    expect(warmupSecondsOf(changeScenario(soak, { warmupSeconds: 0.1 }))).toBe(0.1);
    expect(changeScenario(soak, { warmupSeconds: 0 }).phases).toEqual([{ duration: 1800, arrivalRate: 50 }]);
  });

  it('leave a scenario as it is if there are none', () => {
    expect(changeScenario(readScenario('soak'), {})).toEqual(readScenario('soak'));
  });
});
