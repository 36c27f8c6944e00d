/** Points by rising x. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChartOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly Line[];
}

const [width, height] = [880, 340];
const plot = { left: 64, top: 44, right: width - 32, bottom: height - 46 };
/** Told apart by those who see few colours, too (Okabe and Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

/** A chart as an SVG document that stands by itself: axes from zero, a legend, a line each. */
export function lineChart({ title, xTitle, yTitle, lines }: LineChartOptions): string {
  const all = lines.flatMap(({ points }) => points);
  const xTicks = ticksUpTo(Math.max(...all.map(([x]) => x), 1e-9));
  const yTicks = ticksUpTo(Math.max(...all.map(([, y]) => y), 1e-9));
  const xAt = scale(lastOf(xTicks), plot.left, plot.right);
  const yAt = scale(lastOf(yTicks), plot.bottom, plot.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text({ x: plot.left, y: 18, anchor: 'start', extra: 'font-size="14" font-weight="bold"' }, title),
    ...legend(lines),
    ...yTicks.map((tick) => gridLine(plot.left, yAt(tick), plot.right, yAt(tick))),
    ...yTicks.map((tick) => text({ x: plot.left - 6, y: yAt(tick) + 4, anchor: 'end' }, label(tick))),
    ...xTicks.map((tick) => text({ x: xAt(tick), y: plot.bottom + 16, anchor: 'middle' }, label(tick))),
    text({ x: (plot.left + plot.right) / 2, y: height - 10, anchor: 'middle' }, xTitle),
    text({ x: 16, y: (plot.top + plot.bottom) / 2, anchor: 'middle', extra: turned }, yTitle),
    ...lines.map(({ points }, index) => {
      const path = points.map(([x, y]) => `${round(xAt(x))},${round(yAt(y))}`).join(' ');
      return `<polyline points="${path}" fill="none" stroke="${colourOf(index)}" stroke-width="1.5" stroke-linejoin="round"/>`;
    }),
    '</svg>',
    '',
  ].join('\n');
}

const turned = `transform="rotate(-90 16 ${(plot.top + plot.bottom) / 2})"`;

const colourOf = (index: number): string => colours[index % colours.length] ?? '#000';

function legend(lines: readonly Line[]): string[] {
  let x = plot.left;
  return lines.flatMap(({ name }, index) => {
    const from = x;
    x += 30 + 7 * name.length;
    return [
      `<line x1="${from}" y1="32" x2="${from + 16}" y2="32" stroke="${colourOf(index)}" stroke-width="3"/>`,
      text({ x: from + 21, y: 36, anchor: 'start' }, name),
    ];
  });
}

const gridLine = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#ddd"/>`;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly extra?: string;
}

const text = ({ x, y, anchor, extra = '' }: Place, content: string): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#333" ${extra}>${escaped(content)}</text>`;

const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const scale =
  (max: number, from: number, to: number) =>
  (value: number): number =>
    from + (value / max) * (to - from);

/** Four to ten round numbers, from 0 to the first one that is not below the most. */
export function ticksUpTo(most: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.5, 1, 2].map((times) => times * magnitude).find((size) => most / size <= 8) ?? 2 * magnitude;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step);
}

const lastOf = (ticks: readonly number[]): number => ticks.at(-1) ?? 1;

const label = (tick: number): string => String(Number(tick.toPrecision(6)));

const round = (value: number): number => Math.round(value * 10) / 10;
