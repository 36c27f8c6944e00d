import { ResourceNotFoundError, specTypeSchemas, type Server } from '@modelcontextprotocol/server';
import { invalidParams } from './fixture-content.js';
import { fixturePrompts } from './fixture-prompts.js';
import { fixtureResources, fixtureTemplates, readFixture } from './fixture-resources.js';
import { fixtureTools } from './fixture-tools.js';

/** Replaces the product's tools, resources and prompts by those that the conformance suite calls by name. */
// oxlint-disable-next-line typescript/no-deprecated -- what the product serves with
export function addFixtures(server: Server): void {
  server.registerCapabilities({ logging: {}, resources: { subscribe: true } });
  server.setRequestHandler('tools/list', () => ({
    tools: [...fixtureTools].map(([name, { inputSchema }]) => ({
      name,
      description: `Fixture ${name}.`,
      inputSchema: inputSchema ?? { type: 'object', properties: {} },
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = fixtureTools.get(params.name);
    if (tool === undefined) throw invalidParams(`Unknown tool: ${params.name}`);
    return tool.call(context, params.arguments ?? {});
  });
  server.setRequestHandler('prompts/list', () => ({
    prompts: [...fixturePrompts].map(([name, { arguments: names = [] }]) => ({
      name,
      description: `Fixture ${name}.`,
      arguments: names.map((argument) => ({ name: argument, required: true })),
    })),
  }));
  server.setRequestHandler('prompts/get', ({ params }, context) => {
    const prompt = fixturePrompts.get(params.name);
    if (prompt === undefined) throw invalidParams(`Unknown prompt: ${params.name}`);
    return prompt.get(params.arguments ?? {}, context);
  });
  server.setRequestHandler('completion/complete', () => ({ completion: { values: [] } }));
  server.setRequestHandler('resources/list', () => ({ resources: fixtureResources }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: fixtureTemplates }));
  server.setRequestHandler('resources/read', ({ params: { uri } }) => {
    const contents = readFixture(uri);
    if (contents === undefined) throw new ResourceNotFoundError(uri);
    return { contents: [contents] };
  });
  // The product offers no subscription that it could not serve: a legacy request over HTTP has no connection to tell it.
  server.setRequestHandler('resources/subscribe', { params: specTypeSchemas.SubscribeRequestParams }, () => ({}));
  server.setRequestHandler('resources/unsubscribe', { params: specTypeSchemas.UnsubscribeRequestParams }, () => ({}));
}
