import { expect, it } from 'vitest';
import { lineChart, ticksUpTo } from './line-chart.js';

it.each([
  [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [0.34, [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35]],
  [137, [0, 20, 40, 60, 80, 100, 120, 140]],
  [999, [0, 200, 400, 600, 800, 1000]],
])('marks an axis up to %d by round numbers', (most, ticks) => {
  expect(ticksUpTo(most).map((tick) => Number(tick.toPrecision(6)))).toEqual(ticks);
});

it('draws every line within its frame, and names it', () => {
  const svg = lineChart({
    title: 'p95 < 10',
    xTitle: 's',
    yTitle: 'ms',
    lines: [
      {
        name: 'one',
        points: [
          [0, 0],
          [10, 5],
        ],
      },
      { name: 'none', points: [] },
    ],
  });
  expect(svg).toContain('<polyline points="64,294 848,44"');
  expect(svg).toContain('p95 &lt; 10');
  expect(svg).toMatch(/>one<[\s\S]*>none</);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

it('stands empty axes', () => {
  const svg = lineChart({ title: 't', xTitle: 'x', yTitle: 'y', lines: [] });
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});
