import { expect, it } from 'vitest';
import { releaseChangelog } from './release-changelog.js';

const changelog = '# Changelog\n\n## Unreleased\n\n### Added\n\n- A tool.\n\n## 0.1.0 (2026-01-01)\n\n- The first.\n';

it('moves what is unreleased below the heading of its version', () => {
  expect(releaseChangelog(changelog, '0.2.0', '2026-02-02')).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-02)\n\n### Added\n\n- A tool.\n\n## 0.1.0 (2026-01-01)\n\n- The first.\n',
  );
});

it('changes nothing the second time', () => {
  const released = releaseChangelog(changelog, '0.2.0', '2026-02-02');
  expect(releaseChangelog(released, '0.2.0', '2026-02-03')).toBe(released);
});

it('refuses a release that changes nothing', () => {
  const released = releaseChangelog(changelog, '0.2.0', '2026-02-02');
  expect(() => releaseChangelog(released, '0.3.0', '2026-03-03')).toThrow('no entry under "Unreleased"');
  expect(() => releaseChangelog('# Changelog\n', '0.2.0', '2026-02-02')).toThrow('needs the heading');
});
