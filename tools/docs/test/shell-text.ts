export interface Command {
  /** Without the variables in front of it, and the comment behind. */
  readonly text: string;
  /** The names of the variables that are set in front of it, or exported. */
  readonly variables: readonly string[];
}

const assignment = /^(?:export )?((?:[A-Z_]+=\S+ ?)+)/;

/** The single commands of a block of shell: a line each, or parts of one between `&&`. */
export function commandLines(code: string): Command[] {
  return code
    .replaceAll(/ *\\\n */g, ' ')
    .split(/\n|&& /)
    .map((line) => line.replace(/ +#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, set = ''] = assignment.exec(line) ?? [];
      const variables = [...set.matchAll(/([A-Z_]+)=/g)].map(([, name = '']) => name);
      return { text: line.replace(assignment, ''), variables };
    });
}

/** The scripts that a page names between backticks. */
export const namesIn = (markdown: string): string[] =>
  [...markdown.matchAll(/`npm (?:run )?(start|test|[a-z:]+)[^`]*`/g)].map(([, name = '']) => name);
