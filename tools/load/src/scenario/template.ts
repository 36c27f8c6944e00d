/** What every flow has, in addition to what its steps capture. */
const variableNames = ['session', 'owner', 'other', 'newSession', 'content'] as const;
export type VariableName = (typeof variableNames)[number];
export type Variables = Readonly<Record<string, string>>;

const placeholder = /\{\{\s*(\w+)\s*\}\}/g;

export const isVariable = (name: string): name is VariableName => variableNames.some((known) => known === name);

/** The names in all `{{ name }}`, at any depth. */
export function placeholdersOf(template: unknown): string[] {
  if (typeof template === 'string') return [...template.matchAll(placeholder)].map(([, name = '']) => name);
  if (typeof template !== 'object' || template === null) return [];
  return Object.values(template).flatMap(placeholdersOf);
}

/** Replaces all `{{ name }}` by their values, at any depth. Leaves a name without a value as it is. */
export function fillTemplate(template: unknown, variables: Variables): unknown {
  if (typeof template === 'string') {
    return template.includes('{{')
      ? template.replaceAll(placeholder, (whole, name: string) => variables[name] ?? whole)
      : template;
  }
  if (Array.isArray(template)) return template.map((item) => fillTemplate(item, variables));
  if (typeof template !== 'object' || template === null) return template;
  return fillArguments(template as Readonly<Record<string, unknown>>, variables);
}

export function fillArguments(
  template: Readonly<Record<string, unknown>>,
  variables: Variables,
): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(template)) filled[name] = fillTemplate(value, variables);
  return filled;
}

/** A text in a result, by a path such as `handoff.handoffId`. Returns undefined if there is none. */
export function valueAt(result: unknown, path: string): string | undefined {
  let value = result;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'string' ? value : undefined;
}
