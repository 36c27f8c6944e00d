/**
 * Stands for a number that JavaScript would change while it reads JSON. No schema accepts it, so the store never
 * records a value that the caller did not write.
 */
export class InexactNumber {
  /** The number as the caller wrote it. */
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** Says what is wrong with the number, and what to send instead. */
  get problem(): string {
    const shown = this.source.length > longestShown ? `${this.source.slice(0, longestShown)}…` : this.source;
    return `the number ${shown}, which cannot be kept exactly; send it as a text, or with fewer digits`;
  }
}

const longestShown = 40;

/** Longer numbers are never exact: a double has at most 17 significant digits and 308 zeros. */
const longestExact = 400;

/**
 * Whether a JSON number keeps its value when JavaScript reads it and writes it again. 0.1, 1.50 and 1e3 do;
 * 9007199254740993, 0.12345678901234567890 and 1e400 do not.
 */
export function isExactNumber(source: string): boolean {
  if (source.length > longestExact) return false;
  const value = Number(source);
  return Number.isFinite(value) && decimalOf(source) === decimalOf(String(value));
}

/** Returns one text for all notations of a number: its sign, the digits between outer zeros, and the power of ten. */
function decimalOf(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = jsonNumber.exec(number) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

const jsonNumber = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
