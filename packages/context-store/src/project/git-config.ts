/** What a repository's configuration says of its remotes. */
export interface GitRemotes {
  /** The first URL of each remote, by its name, in the order of the file. */
  readonly urls: ReadonlyMap<string, string>;
  /** The remote of each branch, by the branch's name. */
  readonly ofBranches: ReadonlyMap<string, string>;
}

/** `[section]`, `[section "subsection"]`, or the old `[section.subsection]`; then what follows on the line. */
const header = /^\s*\[\s*([\w-]+)(?:\.([\w.-]+)|\s+"((?:[^"\\]|\\.)*)")?\s*\](.*)$/;
const assignment = /^\s*([A-Za-z][\w-]*)\s*=\s*(.*)$/;

/**
 * Reads the remotes of a `.git/config`. Follows git-config(1), except that it does not read included files. It ignores
 * lines that it cannot read.
 */
export function readGitRemotes(config: string): GitRemotes {
  const urls = new Map<string, string>();
  const ofBranches = new Map<string, string>();
  const read = new Map([
    ['remote url', urls],
    ['branch remote', ofBranches],
  ]);
  let [section, subsection] = ['', ''];
  // A backslash at the end of a line continues its value.
  for (const line of config.replaceAll(/\\\r?\n/g, '').split(/\r?\n/)) {
    const [isHeader, name = '', dotted, quoted, rest = ''] = header.exec(line) ?? [];
    if (isHeader !== undefined) {
      [section, subsection] = [name.toLowerCase(), dotted ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? ''];
    }
    const [, key = '', value = ''] = assignment.exec(isHeader === undefined ? line : rest) ?? [];
    const values = read.get(`${section} ${key.toLowerCase()}`);
    if (values?.has(subsection) === false) values.set(subsection, plainValue(value));
  }
  return { urls, ofBranches };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };

/** Removes quotes, escapes, and a comment at the end. */
function plainValue(written: string): string {
  let [value, isQuoted] = ['', false];
  for (const [piece] of written.matchAll(/\\?./gs)) {
    if (piece === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (piece === '#' || piece === ';')) break;
    else value += piece.startsWith('\\') ? (escapes[piece.slice(1)] ?? piece.slice(1)) : piece;
  }
  return value.trim();
}
