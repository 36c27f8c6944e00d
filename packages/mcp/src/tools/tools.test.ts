import { useCases } from '@org/domain';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { toolNames, tools } from './tools.js';

describe('tools/list', () => {
  it('costs a client less than 2,500 tokens (o200k_base)', () => {
    expect(encode(JSON.stringify({ tools })).length).toBeLessThan(2500);
  });

  it('lists every use case with a description, under a name that clients accept', () => {
    expect(tools.map(({ name }) => name)).toEqual(Object.keys(useCases));
    for (const { name, description } of tools) {
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      expect(description).toMatch(/^Use /);
    }
  });

  it.each(toolNames)('gives %s a flat object schema with exactly the arguments of its use case', (name) => {
    const schema = tools.find((tool) => tool.name === name)?.inputSchema;
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(Object.keys(schema?.properties ?? {})).toEqual(Object.keys(useCases[name].input.shape));
    const required = Object.entries(useCases[name].input.shape).filter(
      ([, field]) => !field.safeParse(undefined).success,
    );
    expect(schema?.required ?? []).toEqual(required.map(([argument]) => argument));
  });

  it('keeps enums, upper bounds and defaults, and leaves out rules that only the server checks', () => {
    const properties = tools.find(({ name }) => name === 'getContext')?.inputSchema.properties;
    expect(properties).toMatchObject({
      order: { type: 'string', enum: ['asc', 'desc'] },
      limit: { type: 'integer', maximum: 100, default: 20 },
      types: { type: 'array', items: { type: 'string', enum: ['message', 'file', 'tool_call', 'system'] } },
    });
    expect(JSON.stringify(tools)).not.toMatch(/"(\$schema|pattern|minimum|minLength|propertyNames)"/);
  });

  it('asks clients that defer tools to show the five of the life of a session from the start', () => {
    const shown = tools.filter(({ _meta }) => _meta?.['anthropic/alwaysLoad'] === true).map(({ name }) => name);
    expect(shown).toEqual(['registerSession', 'updateContext', 'requestHandoff', 'listHandoffs', 'acceptHandoff']);
  });

  it('annotates every tool with all hints', () => {
    const effects = tools.map(({ name, annotations: { title, ...hints } = {} }) => {
      expect(title, name).toMatch(/^[A-Z]/);
      return [name, ...Object.entries(hints).flatMap(([hint, holds]) => (holds ? [hint] : []))];
    });
    expect(effects).toEqual([
      ['registerSession'],
      ['updateContext'],
      ['getContext', 'idempotentHint'],
      ['getBriefing', 'readOnlyHint', 'idempotentHint'],
      ['requestHandoff'],
      ['listHandoffs', 'readOnlyHint', 'idempotentHint'],
      ['acceptHandoff', 'idempotentHint'],
      ['resolveHandoff', 'idempotentHint'],
      ['listSessions', 'readOnlyHint', 'idempotentHint'],
      ['updateSession', 'destructiveHint'],
    ]);
    // Clients assume the worst of a missing hint: open to the world, and destructive.
    const all = ['destructiveHint', 'idempotentHint', 'openWorldHint', 'readOnlyHint', 'title'];
    for (const { annotations = {} } of tools) expect(Object.keys(annotations).toSorted()).toEqual(all);
  });
});
