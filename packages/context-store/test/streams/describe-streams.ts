import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openContextStore, type ContextStore } from '../../src/index.js';

export interface StreamsDatabase {
  /** The `database` option of every store of a test. */
  readonly url: string;
  readonly drop: () => Promise<void>;
}

/** Two stores on one database stand for two processes: neither hears the events of the other but through the engine. */
export function describeStreams(engine: string, createDatabase: () => Promise<StreamsDatabase>): void {
  describe(`streams on ${engine}`, () => {
    let database: StreamsDatabase;
    let here: ContextStore;
    let there: ContextStore;
    let stop: AbortController;

    beforeEach(async () => {
      stop = new AbortController();
      database = await createDatabase();
      here = await openContextStore({ database: database.url, agent: 'implementer' });
      there = await openContextStore({ database: database.url, agent: 'planner' });
      await there.registerSession({ sessionKey: 'work' });
    });
    afterEach(async () => {
      stop.abort();
      await Promise.all([here.close(), there.close()]);
      await database.drop();
    });

    const append = (content: string): Promise<unknown> =>
      there.updateContext({ sessionKey: 'work', contextType: 'message', content });

    it('entries are the whole log, with whole contents', async () => {
      const contents = [...Array.from({ length: 120 }, (_, index) => `${index}`), 'a🚀\n'.repeat(300_000), 'last'];
      for (const content of contents.slice(0, -2)) await append(content);
      const { session } = await there.registerSession({ sessionKey: 'work', ifExists: 'resume' });
      const large = await openContextStore({ database: database.url, maxContentBytes: 2_000_000 });
      const file = { sessionKey: 'work', contextType: 'file', agent: session.owner } as const;
      await large.updateContext({ ...file, content: contents.at(-2) ?? '' });
      await large.close();
      await append('last');
      const read: string[] = [];
      for await (const { content } of here.entries({ sessionKey: 'work' })) read.push(content);
      expect(read.length).toBe(contents.length);
      expect(read.every((content, index) => content === contents[index])).toBe(true);
    });

    it('entries with follow are those that other processes append', async () => {
      const read: string[] = [];
      const following = (async () => {
        for await (const { content } of here.entries({ sessionKey: 'work', follow: true, signal: stop.signal })) {
          read.push(content);
        }
      })();
      for (const content of ['one', 'two', 'three']) {
        await append(content);
        await expect.poll(() => read.at(-1)).toBe(content);
      }
      stop.abort('enough');
      await expect(following).rejects.toBe('enough');
      expect(read).toEqual(['one', 'two', 'three']);
    });

    it('offers are those of other processes, once each, and again after a lapse', async () => {
      const summaries: unknown[] = [];
      const waiting = (async () => {
        for await (const { summary } of here.offers({ signal: stop.signal })) summaries.push(summary);
      })();
      const offer = { sessionKey: 'work', requestType: 'full_handoff' } as const;
      const { handoff } = await there.requestHandoff({ ...offer, summary: 'leased' });
      await expect.poll(() => summaries).toEqual(['leased']);
      await there.as({ agent: 'other' }).acceptHandoff({ handoffId: handoff.handoffId, leaseSeconds: 1 });
      await expect.poll(() => summaries).toEqual(['leased', 'leased']);
      // Each list until the lapse is stored repeats the offer.
      await there.requestHandoff({ ...offer, summary: 'new' });
      await expect.poll(() => summaries.at(-1)).toBe('new');
      stop.abort();
      await waiting;
      expect(summaries).toEqual(['leased', 'leased', 'new']);
    });
  });
}
