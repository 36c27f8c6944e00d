import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { observedContextStore } from '../../test/connect.js';
import { createResources, type Resources } from '../resources/resources.js';
import { createResourceChanges, type ResourceChange } from './resource-changes.js';

/** Resolves when nothing was read for several rounds. */
async function settled(reads: readonly unknown[]): Promise<void> {
  for (let before = -1; before !== reads.length;) {
    before = reads.length;
    await delay(40);
  }
}

it('reports a change to the watchers of the projects that show it, and reads once for each project', async () => {
  const { contextStore } = observedContextStore();
  const resources = createResources(contextStore, undefined);
  const reads: string[] = [];
  const read: Resources['read'] = (uri, caller) => {
    reads.push(uri);
    return resources.read(uri, caller);
  };
  const changes = createResourceChanges({ contextStore, resources: { ...resources, read }, gatherMs: 5 });
  const reported: [watcher: string, change: ResourceChange][] = [];
  const watchers = { ours: 'ours', 'ours too': () => 'ours', theirs: async () => 'theirs', everyone: undefined };
  const lists = { uris: ['handoff://sessions', 'handoff://inbox/b'], list: true };
  for (const [watcher, project] of Object.entries(watchers)) {
    await changes.watch(lists, { project }, (change) => reported.push([watcher, change]));
  }
  expect(reads).toHaveLength(3 * lists.uris.length);
  const notified = (): Set<string> => new Set(reported.splice(0).map(([watcher]) => watcher));
  await contextStore.registerSession({ sessionKey: 'ours', agent: 'a', project: 'ours' });
  await settled(reads);
  expect(notified()).toEqual(new Set(['ours', 'ours too', 'everyone']));
  await contextStore.registerSession({ sessionKey: 'free', agent: 'a' });
  await settled(reads);
  expect(notified()).toEqual(new Set(Object.keys(watchers)));
  await contextStore.requestHandoff({ sessionKey: 'ours', requestType: 'context_transfer', agent: 'a' });
  await settled(reads);
  expect(notified()).toEqual(new Set(['ours', 'ours too', 'everyone']));
  await expect(changes.watch(lists, { project: 'not a project' }, () => undefined)).rejects.toMatchObject({
    code: -32_602,
    message: expect.stringContaining('project') as string,
  });
});
