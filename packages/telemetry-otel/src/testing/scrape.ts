/** One line of an exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics of a process at one moment. */
export interface Scrape {
  /** The type of each metric: counter, gauge or histogram. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
  /** Returns the value of the sample with this name and exactly these labels. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined;
  /** Returns the sum of the samples with this name and at least these labels. */
  readonly sum: (name: string, labels?: Readonly<Record<string, string>>) => number;
}

/** Reads the metrics at a URL. @throws Error if the answer is not in Prometheus's text format */
export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${text}`);
  return parseExposition(text);
}

function parseExposition(text: string): Scrape {
  const lines = text.split('\n').filter((line) => line !== '');
  const types = new Map<string, string>();
  for (const line of lines) {
    const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) types.set(name, type);
  }
  const samples = lines.filter((line) => !line.startsWith('#')).map(parseSample);
  const carries = (sample: Sample, labels: Readonly<Record<string, string>>): boolean =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
  return {
    types,
    samples,
    value: (name, labels = {}) => {
      const [found, ...others] = samples.filter(
        (sample) =>
          sample.name === name &&
          carries(sample, labels) &&
          Object.keys(sample.labels).length === Object.keys(labels).length,
      );
      if (others.length > 0) throw new Error(`${name} is exposed twice`);
      return found?.value;
    },
    sum: (name, labels = {}) =>
      samples
        .filter((sample) => sample.name === name && carries(sample, labels))
        .reduce((total, { value }) => total + value, 0),
  };
}

function parseSample(line: string): Sample {
  const [, name, labels = '', value] = /^([a-zA-Z_]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="([^"\\]*)"(?:,|$)/g)];
  if (pairs.map(([pair]) => pair).join('') !== labels) throw new Error(`not labels: ${line}`);
  const number = value === '+Inf' ? Infinity : Number(value);
  if (Number.isNaN(number)) throw new Error(`not a number: ${line}`);
  return { name, labels: Object.fromEntries(pairs.map(([, label = '', text = '']) => [label, text])), value: number };
}
