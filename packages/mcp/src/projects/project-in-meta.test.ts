import { projectOfFolder, projectSchema } from '@org/domain';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseProject, projectInMeta } from './project-in-meta.js';

const metaOf = (turn: unknown) => ({ 'x-codex-turn-metadata': turn, progressToken: 1 });
const workspace = (remotes: unknown) => ({ associated_remote_urls: remotes, latest_git_commit_hash: 'abc' });

describe('the project in the metadata of a call', () => {
  it.each([
    [{ '/work/app': workspace({ origin: 'git@github.com:owner/app.git' }) }, 'github.com/owner/app'],
    [{ '/a': workspace({ fork: 'https://h/fork/app', origin: 'https://u:p@h/o/app' }) }, 'h/o/app'],
    [{ '/a': workspace({ fork: 'https://h/fork/app', origin: '/srv/app' }) }, 'h/fork/app'],
    [{ '/a': {}, '/b': workspace({ origin: 'https://h/o/b' }) }, 'h/o/b'],
    [{ '/work/app': workspace({}), '/work/other': {} }, projectOfFolder('/work/app')],
    [{ '/work/app': null }, projectOfFolder('/work/app')],
    [{}, undefined],
  ])('of the workspaces %j is %j', (workspaces, project) => {
    const turn = { turn_id: 't', workspaces };
    expect(projectInMeta(metaOf(turn))).toBe(project);
    // Codex also sends this as a header, which is a text.
    expect(projectInMeta(metaOf(JSON.stringify(turn)))).toBe(project);
  });

  it('looks at the folders on this machine if no remote is told', () => {
    const find = (folder: string) => (folder === '/b' ? 'found' : undefined);
    expect(projectInMeta(metaOf({ workspaces: { '/a': {}, '/b': {} } }), find)).toBe('found');
    const told = { '/a': {}, '/b': workspace({ origin: 'https://h/o/b' }) };
    expect(projectInMeta(metaOf({ workspaces: told }), find)).toBe('h/o/b');
  });

  it.each([
    undefined,
    {},
    { other: 1 },
    metaOf('{"workspaces"'),
    metaOf([]),
    metaOf({ workspaces: 'x' }),
    metaOf(null),
  ])('is absent in %j', (meta) => {
    expect(projectInMeta(meta)).toBeUndefined();
  });

  it('is read from anything without an error', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (turn, remotes) => {
        for (const given of [turn, { workspaces: turn }, { workspaces: { '/a': workspace(remotes) } }]) {
          expect(projectSchema.optional().safeParse(projectInMeta(metaOf(given))).success).toBe(true);
        }
      }),
    );
  });
});

it('comes before what is set up for the client, unless that is none', () => {
  expect(chooseProject('told', 'own')).toBe('told');
  expect(chooseProject('told', undefined)).toBe('told');
  expect(chooseProject(undefined, 'own')).toBe('own');
  expect(chooseProject('told', 'none')).toBe('none');
});
