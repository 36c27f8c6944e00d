import { setTimeout } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { call, connect, connectStdio, eras, factoryOver, memoryContextStore } from '../../test/connect.js';
import { instructions } from '../instructions.js';
import { prompts } from './prompts.js';
import { tools } from '../tools/tools.js';

async function textOf(client: Client, name: string, args?: Record<string, string>): Promise<string> {
  const { messages } = await client.getPrompt({ name, ...(args && { arguments: args }) });
  expect(messages).toHaveLength(1);
  const [message] = messages;
  expect(message?.role).toBe('user');
  return message?.content.type === 'text' ? message.content.text : '';
}

async function clientWithSession(era: 'legacy' | 'modern'): Promise<Client> {
  const client = await connect(factoryOver(memoryContextStore()), era, 'planner');
  await call(client, 'registerSession', { sessionKey: 'work' });
  return client;
}

describe.each(eras)('prompts, %s era', (era) => {
  it('are listed with their arguments', async () => {
    const client = await clientWithSession(era);
    const { prompts: listed } = await client.listPrompts();
    expect(
      listed.map(({ name, arguments: args = [] }) => [
        name,
        args.map((arg) => `${arg.name}${arg.required ? '' : '?'}`),
      ]),
    ).toEqual([
      ['handoff', ['sessionKey?', 'targetAgent?', 'requestType?']],
      ['resume', ['sessionKey?']],
      ['checkpoint', ['sessionKey?']],
    ]);
  });

  it('name the tools in the order in which a model should call them', async () => {
    const client = await clientWithSession(era);
    const handoff = await textOf(client, 'handoff', { sessionKey: 'work', targetAgent: 'role:reviewer' });
    expect(handoff).toMatch(
      /updateContext[^]*requestHandoff sessionKey=work requestType=full_handoff targetAgent=role:reviewer/,
    );
    expect(handoff).toMatch(/goal[^]*state[^]*decisions[^]*open questions[^]*files[^]*next steps/);
    expect(await textOf(client, 'resume')).toMatch(
      /listHandoffs[^]*acceptHandoff[^]*registerSession[^]*getBriefing[^]*resolveHandoff/,
    );
    expect(await textOf(client, 'resume', { sessionKey: 'work' })).toMatch(
      /listHandoffs[^]*session work: acceptHandoff[^]*sessionKey=work ifExists=resume/,
    );
    expect(await textOf(client, 'checkpoint', { sessionKey: 'work' })).toMatch(
      /getBriefing sessionKey=work[^]*updateContext pinned=true/,
    );
  });

  it('say what the type of handoff means for the requester', async () => {
    const client = await clientWithSession(era);
    const textFor = (requestType: string) => textOf(client, 'handoff', { sessionKey: 'work', requestType });
    expect(await textFor('full_handoff')).toContain('stop writing');
    expect(await textFor('collaboration')).not.toContain('stop writing');
    expect(await textFor('context_transfer')).toContain('only reads');
  });

  it.each([
    ['nothing', {}, 'handoff, resume, checkpoint'],
    ['toString', {}, 'handoff, resume, checkpoint'],
    ['handoff', { sessionKey: '../etc' }, 'sessionKey: 1 to 128'],
    ['handoff', { sessionKey: 'work', targetAgent: 'role:a b' }, 'targetAgent'],
    ['handoff', { sessionKey: 'work', requestType: 'theft' }, 'requestType'],
    ['checkpoint', { sessionKey: 'work', surplus: 'x' }, 'surplus: unknown; known are sessionKey'],
    ['resume', { sessionKey: 'wrok' }, 'No session wrok'],
    ['resume', { session_key: 'work' }, 'did you mean sessionKey?'],
  ])('refuse %s with %o as invalid parameters', async (name, args, says) => {
    const client = await clientWithSession(era);
    await expect(client.getPrompt({ name, arguments: args })).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining(says) as string,
    });
  });

  describe('without a session key', () => {
    const note = { contextType: 'message', content: 'x' };
    const keyIn = async (client: Client, name = 'checkpoint', args?: Record<string, string>): Promise<string> => {
      const [, key = ''] = /session (\S+?)[, .]/.exec(await textOf(client, name, args)) ?? [];
      return key;
    };

    it('are about the session that the process last registered, wrote to or accepted', async () => {
      const contextStore = memoryContextStore();
      const client = await connectStdio({ contextStore, rememberEpochs: true }, era, 'planner');
      await call(client, 'registerSession', { sessionKey: 'one' });
      await call(client, 'registerSession', { sessionKey: 'two' });
      expect(await keyIn(client)).toBe('two');
      expect(await keyIn(client, 'handoff', { sessionKey: '' })).toBe('two');
      await call(client, 'updateContext', { sessionKey: 'one', ...note });
      expect(await keyIn(client)).toBe('one');
      // Neither a read, nor a refused call, nor another process changes what this one works on.
      await call(client, 'getContext', { sessionKey: 'two' });
      await call(client, 'registerSession', { sessionKey: 'two' });
      await contextStore.updateContext({ sessionKey: 'two', agent: 'planner', contextType: 'message', content: 'x' });
      expect(await keyIn(client)).toBe('one');
      await contextStore.registerSession({ sessionKey: 'theirs', agent: 'other' });
      const offer = { sessionKey: 'theirs', agent: 'other', requestType: 'full_handoff' } as const;
      const { handoff } = await contextStore.requestHandoff(offer);
      await call(client, 'acceptHandoff', { handoffId: handoff.handoffId });
      expect(await keyIn(client, 'handoff')).toBe('theirs');
    });

    it('are about the most recently active session of the agent, if the process has none to work on', async () => {
      const contextStore = memoryContextStore();
      for (const sessionKey of ['one', 'two', 'done']) {
        await contextStore.registerSession({ sessionKey, agent: 'codex' });
      }
      await contextStore.registerSession({ sessionKey: 'theirs', agent: 'other' });
      await setTimeout(2);
      await contextStore.updateContext({ sessionKey: 'one', agent: 'codex', contextType: 'message', content: 'x' });
      await contextStore.updateSession({ sessionKey: 'done', agent: 'codex', status: 'completed' });
      const client = await connect(factoryOver(contextStore), era, 'codex-mcp-client');
      expect(await keyIn(client)).toBe('one');
    });

    it('are about another session once the last one was handed over, completed or deleted', async () => {
      const contextStore = memoryContextStore();
      const client = await connectStdio({ contextStore, rememberEpochs: true }, era, 'planner');
      for (const sessionKey of ['rest', 'deleted', 'completed', 'given']) {
        await call(client, 'registerSession', { sessionKey });
      }
      const { body } = await call(client, 'requestHandoff', { sessionKey: 'given', requestType: 'full_handoff' });
      const { handoffId } = body['handoff'] as { handoffId: string };
      await contextStore.acceptHandoff({ handoffId, agent: 'other' });
      await call(client, 'updateSession', { sessionKey: 'completed', status: 'completed' });
      expect(await keyIn(client)).not.toBe('given');
      await call(client, 'updateContext', { sessionKey: 'deleted', ...note });
      expect(await keyIn(client)).toBe('deleted');
      await contextStore.deleteSession('deleted');
      expect(await keyIn(client)).toBe('rest');
    });

    it('are refused, and say what to do, if there is no session or no known agent', async () => {
      const named = await connect(factoryOver(memoryContextStore()), era, 'planner');
      const unnamed = await connect(factoryOver(memoryContextStore()), era, '!');
      for (const name of ['handoff', 'checkpoint']) {
        await expect(named.getPrompt({ name })).rejects.toMatchObject({
          code: -32_602,
          message: expect.stringContaining('planner has no open session') as string,
        });
        await expect(unnamed.getPrompt({ name })).rejects.toMatchObject({
          code: -32_602,
          message: expect.stringContaining('does not know under which name you act') as string,
        });
      }
    });
  });

  it('treat a blank argument as not given', async () => {
    const client = await clientWithSession(era);
    const blank = { sessionKey: 'work', targetAgent: ' ', requestType: '' };
    expect(await textOf(client, 'handoff', blank)).toBe(await textOf(client, 'handoff', { sessionKey: 'work' }));
    expect(await textOf(client, 'resume', { sessionKey: '' })).toBe(await textOf(client, 'resume'));
  });

  it('complete session keys, types of handoff, and known agents and roles', async () => {
    const contextStore = memoryContextStore();
    const client = await connectStdio({ contextStore }, era, 'planner');
    await contextStore.registerSession({ sessionKey: 'alpha', agent: 'planner' });
    await contextStore.registerSession({ sessionKey: 'beta', agent: 'reviewer-2' });
    await contextStore.requestHandoff({
      sessionKey: 'alpha',
      requestType: 'full_handoff',
      targetAgent: 'role:reviewer',
      agent: 'planner',
    });
    const complete = async (argument: string, value: string): Promise<string[]> => {
      const ref = { type: 'ref/prompt' as const, name: 'handoff' };
      return (await client.complete({ ref, argument: { name: argument, value } })).completion.values;
    };
    expect(await complete('sessionKey', 'al')).toEqual(['alpha']);
    expect(await complete('targetAgent', '')).toEqual(['planner', 'reviewer-2', 'role:reviewer']);
    expect(await complete('targetAgent', 'r')).toEqual(['reviewer-2', 'role:reviewer']);
    expect(await complete('requestType', 'co')).toEqual(['collaboration', 'context_transfer']);
    expect(await complete('surplus', '')).toEqual([]);
  });
});

describe('the texts for a model', () => {
  it('cost few tokens (o200k_base)', async () => {
    const client = await clientWithSession('modern');
    const cost = (text: string): number => encode(text).length;
    expect(cost(instructions)).toBeLessThan(300);
    expect(cost(JSON.stringify({ prompts }))).toBeLessThan(300);
    expect(cost(await textOf(client, 'handoff', { sessionKey: 'work', targetAgent: 'role:reviewer' }))).toBeLessThan(
      250,
    );
    expect(cost(await textOf(client, 'resume'))).toBeLessThan(280);
    expect(cost(await textOf(client, 'resume', { sessionKey: 'work' }))).toBeLessThan(250);
    expect(cost(await textOf(client, 'checkpoint', { sessionKey: 'work' }))).toBeLessThan(200);
  });

  it('name only tools and arguments that exist', async () => {
    const client = await clientWithSession('modern');
    const texts = [
      instructions,
      await textOf(client, 'handoff', { sessionKey: 'work' }),
      await textOf(client, 'resume'),
      await textOf(client, 'resume', { sessionKey: 'work' }),
      await textOf(client, 'checkpoint', { sessionKey: 'work' }),
    ].join('\n');
    const names = new Set(tools.map(({ name }) => name));
    const known = new Set(tools.flatMap(({ inputSchema }) => Object.keys(inputSchema.properties ?? {})));
    const toolWords = texts.match(/\b(?:get|list|register|update|request|accept|resolve)[A-Z]\w+/g) ?? [];
    expect(toolWords.filter((word) => !names.has(word) && !known.has(word))).toEqual([]);
    const assigned = [...texts.matchAll(/\b(\w+)=/g)].map(([, argument = '']) => argument);
    expect(assigned).toContain('ifExists');
    expect(assigned.filter((argument) => !known.has(argument))).toEqual([]);
  });
});
