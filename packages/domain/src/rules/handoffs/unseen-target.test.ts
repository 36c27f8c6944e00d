import { expect, it } from 'vitest';
import { unseenTargetHint } from './unseen-target.js';

const end = 'The offer stands; if the name is wrong, cancel it with resolveHandoff.';

it('says that a name was never seen, and which were', () => {
  const seen = ['planner', 'codex', 'role:reviewer', 'claude-code', 'gemini', 'opencode', 'zed'];
  expect(unseenTargetHint('builder', 'planner', seen)).toBe(
    `No agent named builder was seen in this namespace. Names are case-sensitive. Seen lately: codex, role:reviewer, claude-code, gemini, opencode. ${end}`,
  );
  expect(unseenTargetHint('builder', 'planner', ['planner'])).toBe(
    `No agent named builder was seen in this namespace. Names are case-sensitive. No other name was seen here yet. ${end}`,
  );
  expect(unseenTargetHint('role:security', 'planner', ['role:qa'])).toBe(
    `No agent has listened to role:security in this namespace. Names are case-sensitive. Seen lately: role:qa. ${end}`,
  );
});

it.each([
  ['a name that differs by case alone', 'Codex', ['claude-code', 'codex'], 'codex'],
  ['the same in a role', 'role:QA', ['role:qa'], 'role:qa'],
  ['a similar name', 'cluade-code', ['codex', 'claude-code'], 'claude-code'],
  ['a name with other separators', 'claude_code', ['codex', 'claude-code'], 'claude-code'],
  ['a similar role', 'role:reviwer', ['reviewers', 'role:reviewer'], 'role:reviewer'],
  ['the role of this name', 'reviewer', ['role:reviewer', 'codex'], 'role:reviewer'],
  ['the agent of this name', 'role:codex', ['role:reviewer', 'codex'], 'codex'],
  ['the short name of a client', 'codex-mcp-client', ['claude-code', 'codex'], 'codex'],
  ['a name that begins so', 'claude', ['codex', 'claude-code'], 'claude-code'],
  ['the requester itself', 'Planner', ['planner'], 'planner'],
])('first asks whether %s was meant', (_what, target, seen, meant) => {
  const hint = unseenTargetHint(target, 'planner', seen);
  expect(hint).toContain(`Names are case-sensitive. Did you mean ${meant}? `);
  // Only once.
  expect(hint.split(/[ ,.?]+/).filter((word) => word === meant)).toHaveLength(1);
});

it('finds a name that differs by case however long ago it was seen, and similar ones among the newest 100', () => {
  const many = Array.from({ length: 999 }, (_, index) => `x${index}`);
  expect(unseenTargetHint('CODEX', 'planner', [...many, 'codex'])).toContain('Did you mean codex?');
  expect(unseenTargetHint('codecs', 'planner', [...many.slice(0, 99), 'codex'])).toContain('Did you mean codex?');
  expect(unseenTargetHint('codecs', 'planner', [...many.slice(0, 100), 'codex'])).not.toContain('Did you mean');
});

it('stays short, whatever the names', () => {
  const long = Array.from({ length: 1000 }, (_, index) => `role:${'x'.repeat(125)}${String(index).padStart(3, '0')}`);
  expect(unseenTargetHint(`role:${'y'.repeat(128)}`, 'planner', long).length).toBeLessThan(650);
});
