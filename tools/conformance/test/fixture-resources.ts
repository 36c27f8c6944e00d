import type { ReadResourceResult, Resource, ResourceTemplateType } from '@modelcontextprotocol/server';
import { png } from './fixture-content.js';

type Contents = ReadResourceResult['contents'][number];

const fixed: readonly Contents[] = [
  { uri: 'test://static-text', mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  { uri: 'test://static-binary', mimeType: 'image/png', blob: png },
  { uri: 'test://watched-resource', mimeType: 'text/plain', text: 'Watched.' },
];

export const fixtureResources: Resource[] = fixed.map(({ uri, mimeType }) => ({ uri, name: uri, mimeType }));

export const fixtureTemplates: ResourceTemplateType[] = [
  { uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' },
];

/** Returns undefined if there is no such resource. */
export function readFixture(uri: string): Contents | undefined {
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
  if (id === undefined) return fixed.find((contents) => contents.uri === uri);
  const data = { id, templateTest: true, data: `Data for ID: ${id}` };
  return { uri, mimeType: 'application/json', text: JSON.stringify(data) };
}
