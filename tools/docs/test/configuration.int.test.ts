import { readFile } from 'node:fs/promises';
import { readEnvironment } from '@org/context-store/environment';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../src/code-blocks.js';
import { configurationExamples } from '../src/configuration-examples.js';
import { readSettings } from './read-settings.js';

describe('the examples of settings', () => {
  it('are there for each variable, and for no other', () => {
    expect(Object.keys(configurationExamples).toSorted()).toEqual(Object.keys(httpEnvironmentTable).toSorted());
  });

  it.each(Object.entries(configurationExamples))('can be read: %s=%s', (name, example) => {
    expect(readEnvironment(httpEnvironmentTable, { [name]: example })).toHaveProperty(name);
  });

  it('differ from the defaults', () => {
    const presets = Object.entries(httpEnvironmentTable).map(([name, { default: preset }]) => [name, preset] as const);
    expect(presets.filter(([name, preset]) => configurationExamples[name] === preset)).toEqual([]);
  });
});

const page = await readFile(new URL('../../../docs/reference/configuration.md', import.meta.url), 'utf8');
const profiles = codeBlocks(page, 'env').map(readSettings);

describe('the profiles', () => {
  it('are three', () => expect(profiles).toHaveLength(3));

  it.each(profiles)('name variables that exist, with values that can be read: %o', (profile) => {
    expect(Object.keys(profile).filter((name) => !(name in httpEnvironmentTable))).toEqual([]);
    expect(readEnvironment(httpEnvironmentTable, profile)).toMatchObject({ PORT: 3000 });
  });
});
