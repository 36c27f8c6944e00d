import type { Transition } from '@org/domain';

type Step = Transition<string, string> & { readonly only?: readonly string[] };

/** Returns a Mermaid state diagram of a table of transitions. It starts at `initial`; states that not all may leave are final. */
export function stateDiagram(transitions: readonly Step[], initial: string): string {
  const states = new Set(transitions.map(({ to }) => to));
  const last = [...states].filter(
    (state) => !transitions.some(({ from, only }) => from === state && only === undefined),
  );
  const lines = [
    `[*] --> ${initial}`,
    ...transitions.map((step) => `${step.from} --> ${step.to}: ${labelOf(step)}`),
    ...last.map((state) => `${state} --> [*]`),
  ];
  return ['```mermaid', 'stateDiagram-v2', ...lines.map((line) => `    ${line}`), '```'].join('\n');
}

const labelOf = ({ by, how, only }: Step): string =>
  `${by}, ${how}${only === undefined ? '' : ` (${only.join(', ')})`}`;
