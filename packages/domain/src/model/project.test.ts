import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedProjectSchema, projectFilterSchema, projectOfFolder, projectOfRemote, projectSchema } from './project.js';

const segment = fc
  .stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._~+-]{0,8}[A-Za-z0-9]$/)
  .filter((text) => !/\.git$/i.test(text));
const host = fc.constantFrom('github.com', 'GitHub.com', 'git.example.org', 'LOCALHOST', 'gh');
/** Everything that a URL allows in a user or password, and what careless people write there. */
const credential = fc.stringMatching(/^[A-Za-z0-9!$%&'()*+,;=._~:@-]{1,16}$/);
const user = fc.constantFrom('', 'git@', 'me@', 'x-access-token:s3cret@', ':s3cret@', 's3cret@');
const port = fc.constantFrom('', ':22', ':443', ':');
const ending = fc.constantFrom('', '/', '.git', '.git/', '//', '?ref=main', '.git#readme');
const scheme = fc.constantFrom('https', 'http', 'ssh', 'git', 'HTTPS', 'git+ssh', 'ssh+git', 'git+https');

const remote = fc.record({ host, path: fc.array(segment, { minLength: 1, maxLength: 6 }) });
type Remote = typeof remote extends fc.Arbitrary<infer Value> ? Value : never;

const notation = fc.record({ scheme, user, port, ending, isScp: fc.boolean(), slash: fc.constantFrom('', '/') });
type Notation = typeof notation extends fc.Arbitrary<infer Value> ? Value : never;

const written = ({ host: name, path }: Remote, { isScp, slash, ...how }: Notation): string =>
  isScp
    ? `${how.user.includes(':') ? 'git@' : how.user}${name}:${slash}${path.join('/')}${how.ending}`
    : `${how.scheme}://${how.user}${name}${how.port}/${path.join('/')}${how.ending}`;

describe('the project of a git remote', () => {
  it('is the same for all notations of a remote, and keeps nested groups', () => {
    fc.assert(
      fc.property(remote, notation, notation, (one, how, other) => {
        const project = projectOfRemote(written(one, how));
        expect(project).toBe(projectOfRemote(written(one, other)));
        const whole = `${one.host.toLowerCase()}/${one.path.join('/')}`;
        expect(project === whole || whole.length > 128).toBe(true);
      }),
    );
  });

  it('differs between remotes', () => {
    fc.assert(
      fc.property(remote, remote, notation, (one, other, how) => {
        const isSame =
          one.host.toLowerCase() === other.host.toLowerCase() && one.path.join('/') === other.path.join('/');
        expect(projectOfRemote(written(one, how)) === projectOfRemote(written(other, how))).toBe(isSame);
      }),
    );
  });

  it('is a project or nothing, whatever the text', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.webUrl(),
      fc.stringMatching(/^[a-z@:/.?#]{0,40}$/),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(projectSchema.optional().safeParse(projectOfRemote(text)).success).toBe(true);
      }),
    );
  });

  it('holds no part of a password, also of one that its URL does not escape', () => {
    const secret = fc.stringMatching(/^[A-Z]{6}[/?#@:%A-Z0-9]{0,6}[A-Z]{6}$/);
    fc.assert(
      fc.property(
        remote,
        credential,
        secret,
        fc.constantFrom('https://', 'ssh://', ''),
        (one, name, password, prefix) => {
          const path = one.path.join('/').toLowerCase();
          for (const userInfo of [`${name}:${password}`, password, `:${password}`]) {
            const project = projectOfRemote(`${prefix}${userInfo}@host.example/${path}`) ?? '';
            expect(project).not.toMatch(/[A-Z]{6}/);
          }
        },
      ),
    );
  });

  it.each([
    ['git@github.com:owner/repo.git', 'github.com/owner/repo'],
    ['https://user:p@ss@gitlab.com:8443/group/sub/deep/repo.git/', 'gitlab.com/group/sub/deep/repo'],
    ['ssh://git@Host.Example:22/~me/repo', 'host.example/~me/repo'],
    ['https://dev.azure.com/org/My%20Project/_git/repo', 'dev.azure.com/org/My-Project/_git/repo'],
    ['work:owner/repo', 'work/owner/repo'],
    ['ssh://git@[2001:DB8::1]:22/owner/repo', '2001-db8-1-/owner/repo'],
    ['git@host:repo/.git', 'host/repo'],
  ])('of %j is %j', (url, project) => {
    expect(projectOfRemote(url)).toBe(project);
  });

  it.each([
    '/srv/git/repo.git',
    'file:///srv/git/repo.git',
    '../repo',
    './a:b',
    'C:/work/repo',
    String.raw`C:\work\repo`,
    'https://github.com',
    'https://github.com/',
    'https://github.com/.git',
    'ext::sh -c true',
    'codecommit::eu-west-1://repo',
    'ssh://git@github.com:owner/repo',
    'user:password@host:owner/repo',
    'https://user:12/3@host/owner/repo',
    'https://user:1/a?b@host/owner/repo',
    '',
  ])('is absent for %j', (url) => {
    expect(projectOfRemote(url)).toBeUndefined();
  });

  it('is cut to 128 characters, and stays apart from others with this beginning', () => {
    const [one, other] = ['a', 'b'].map((end) => projectOfRemote(`https://host/${'group/'.repeat(40)}${end}`));
    expect(one).toHaveLength(128);
    expect(one).not.toBe(other);
    expect(projectOfRemote(`git@host:${'group/'.repeat(40)}a.git`)).toBe(one);
  });
});

describe('the project of a folder', () => {
  it.each([
    ['/home/me/app', /^app-[0-9a-f]{8}$/],
    ['/home/me/My app (1)/', /^My-app-1-[0-9a-f]{8}$/],
    ['/home/me/.config', /^config-[0-9a-f]{8}$/],
    ['/home/me/仕事', /^folder-[0-9a-f]{8}$/],
    [String.raw`C:\Users\me\app`, /^app-[0-9a-f]{8}$/],
    [`/${'x'.repeat(255)}`, /^x{119}-[0-9a-f]{8}$/],
  ])('of %j is its name with a hash', (path, form) => {
    const project = projectOfFolder(path);
    expect(project).toMatch(form);
    expect(projectSchema.safeParse(project).success).toBe(true);
  });

  it('differs between folders with one name', () => {
    expect(projectOfFolder('/home/me/app')).not.toBe(projectOfFolder('/home/you/app'));
    expect(projectOfFolder('/home/me/app')).toBe(projectOfFolder('/home/me/app/'));
  });

  it.each(['/', '', String.raw`C:\ `.trim(), 'C:/'])('is absent for %j', (path) => {
    expect(projectOfFolder(path)).toBeUndefined();
  });
});

it('has names of its own, next to none and *', () => {
  for (const name of ['github.com/owner/repo', 'a', '1~+.-_', 'x'.repeat(128)]) {
    for (const schema of [projectSchema, namedProjectSchema, projectFilterSchema])
      expect(schema.parse(name)).toBe(name);
  }
  for (const name of ['', ' a', '/a', '-a', 'a b', 'a\n', 'https://u:p@h/o', 'a@b', '**', '*a', 'x'.repeat(129)]) {
    for (const schema of [projectSchema, namedProjectSchema, projectFilterSchema]) {
      expect(schema.safeParse(name).success, name).toBe(false);
    }
  }
  const accepting = (name: string) =>
    [projectSchema, namedProjectSchema, projectFilterSchema].map((schema) => schema.safeParse(name).success);
  expect(accepting('none')).toEqual([false, true, true]);
  expect(accepting('*')).toEqual([false, false, true]);
});
