import { readFileSync } from 'node:fs';

/** The text of an environment variable, or why it is wrong; `path` names the variable to correct. */
export type ReadText = { readonly text: string | undefined } | { readonly path: string; readonly problem: string };

type Env = Readonly<Record<string, string | undefined>>;

/** URL parsers silently drop line breaks and tabs, and no other setting may hold control characters. */
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f]/;

/**
 * Reads a variable without white space around it. Reads a secret from the file that `NAME_FILE` names, if that is set.
 */
export function readText(name: string, env: Env, isSecret = false): ReadText {
  const text = env[name]?.trim();
  const fileVariable = `${name}_FILE`;
  const file = isSecret ? env[fileVariable]?.trim() : undefined;
  if (file === undefined || file === '') return withoutControls(name, text);
  if (text !== undefined && text !== '') return { path: fileVariable, problem: `${name} is set as well; unset either` };
  return readFile(fileVariable, file);
}

function readFile(path: string, file: string): ReadText {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? { path, problem: `${file} is empty` } : withoutControls(path, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { path, problem: `${file} cannot be read (${code})` };
  }
}

const withoutControls = (path: string, text: string | undefined): ReadText =>
  text !== undefined && controlCharacter.test(text)
    ? { path, problem: 'a line break, a tab or another control character is in it; take it out' }
    : { text };
