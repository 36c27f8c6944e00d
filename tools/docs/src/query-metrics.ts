/** A metric in a PromQL expression, and the labels that the expression selects it by. */
export interface SelectedMetric {
  readonly name: string;
  readonly labels: readonly string[];
}

const words = new Set(['by', 'without', 'on', 'ignoring', 'and', 'or', 'unless', 'bool', 'offset']);

/** Returns the metrics of a PromQL expression: every name that is no function, keyword or label. */
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
