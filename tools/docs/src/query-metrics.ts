/** A metric that a PromQL expression asks for, and the labels that it selects it by. */
export interface SelectedMetric {
  readonly name: string;
  readonly labels: readonly string[];
}

const words = new Set(['by', 'without', 'on', 'ignoring', 'and', 'or', 'unless', 'bool', 'offset']);

/** What a PromQL expression asks for: every name that is neither a function, nor a keyword, nor a label. */
export function queryMetrics(expression: string): SelectedMetric[] {
  const withoutGroupings = expression.replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  const withoutRanges = withoutGroupings.replaceAll(/\[[^\]]*\]/g, ' ');
  return [...withoutRanges.matchAll(/(?<![\w$.])([a-z_]\w*)\s*(?:\{([^}]*)\}|(\())?/gi)]
    .filter(([, name = '', , call]) => call === undefined && !words.has(name))
    .map(([, name = '', selector = '']) => ({
      name,
      labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }));
}
