import { expect, it } from 'vitest';
import { hostShare, othersShare } from './cpu-time.js';
import { formatReport } from './format-report.js';

const spread = (value: number) => ({ median: value, min: value, max: value });

function reportOf(others: number, host: number): string {
  const facts = { [othersShare]: spread(others), [hostShare]: spread(host) };
  return formatReport({
    startedAt: '2026-01-31T12:00:00Z',
    durationSeconds: 1,
    effort: { rounds: 5, warmupMs: 1, measureMs: 1 },
    machine: {},
    versions: {},
    rows: [
      { name: 'row', title: 'A row', settings: {}, missing: [], variants: [{ name: 'a', facts }], comparisons: [] },
    ],
  });
}

it('says that a row was disturbed, and whether by other processes or by the host', () => {
  expect(reportOf(10, 5)).not.toContain('DISTURBED');
  expect(reportOf(1, 40)).toContain(
    'DISTURBED: others used up to 1 % of the CPU, and the host of the machine took 40 %',
  );
});
