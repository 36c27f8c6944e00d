const unreleased = '## Unreleased\n';

/**
 * Puts the entries under "Unreleased" below a heading of their version, and leaves "Unreleased" empty above it.
 * Returns the changelog as it is if it has a heading of this version.
 *
 * @throws if there is no "Unreleased" heading, or no entry below it
 */
export function releaseChangelog(changelog: string, version: string, date: string): string {
  const heading = `## ${version}`;
  if (changelog.includes(`\n${heading} `)) return changelog;
  const [before = '', after] = changelog.split(unreleased);
  if (after === undefined) throw new Error('CHANGELOG.md needs the heading "## Unreleased"');
  const [entries = ''] = after.split('\n## ');
  if (!entries.includes('\n- '))
    throw new Error('CHANGELOG.md has no entry under "Unreleased": add what this release changes');
  return `${before}${unreleased}\n${heading} (${date})\n${after}`;
}
