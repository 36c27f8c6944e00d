import { expect, it } from 'vitest';
import { readGitRemotes } from './git-config.js';

const remotesOf = (config: string): Record<string, string> => Object.fromEntries(readGitRemotes(config).urls);

it('reads remotes in their order, and the remotes of branches', () => {
  const { urls, ofBranches } = readGitRemotes(
    `[core]
	bare = false
[remote "upstream"]
	url = git@github.com:owner/repo.git
	url = https://second.example/url
	fetch = +refs/heads/*:refs/remotes/upstream/*
[remote "origin"]
	url = https://github.com/me/repo
[branch "main"]
	remote = origin
	merge = refs/heads/main
[branch "feature/\\"x\\""]
	remote = upstream
`,
  );
  expect([...urls]).toEqual([
    ['upstream', 'git@github.com:owner/repo.git'],
    ['origin', 'https://github.com/me/repo'],
  ]);
  expect([...ofBranches]).toEqual([
    ['main', 'origin'],
    ['feature/"x"', 'upstream'],
  ]);
});

it.each([
  ['[remote "a"]\nurl=https://h/p', 'https://h/p'],
  ['[REMOTE "a"]\r\n  URL = https://h/p  \r\n', 'https://h/p'],
  ['[remote.a]\nurl = https://h/p', 'https://h/p'],
  ['[remote "a"] url = https://h/p', 'https://h/p'],
  ['[remote "a"]\nurl = "https://h/p#1" ; a comment', 'https://h/p#1'],
  ['[remote "a"]\nurl = https://h/p # a comment', 'https://h/p'],
  ['[remote "a"]\nurl = https://h/\\\np', 'https://h/p'],
  ['[remote "a"]\nurl = "C:\\\\work\\\\p"', 'C:\\work\\p'],
  ['# [remote "b"]\n; url = x\n[remote "a"]\n# url = x\nurl = https://h/p', 'https://h/p'],
])('reads %j', (config, url) => {
  expect(remotesOf(config)).toEqual({ a: url });
});

it.each(['', '[remote "a"', '[remote "a"]', 'url = x', '[remote "a"]\npushurl = x', '[other "a"]\nurl = x', '\0[[['])(
  'finds no remote in %j',
  (config) => {
    expect(remotesOf(config)).toEqual({});
  },
);
