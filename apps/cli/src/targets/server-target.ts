import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { errorFrom, type ErrorBody, type UseCaseInput, type UseCaseName, type UseCaseResult } from '@org/domain';
import type { ServerPlace } from './find-place.js';
import { followEntries } from './follow-entries.js';
import { serverFailure } from './server-failure.js';
import type { Target } from './target.js';

type CallTool = <Name extends UseCaseName>(name: Name, input: UseCaseInput<Name>) => Promise<UseCaseResult<Name>>;

/** Connects to an MCP server, whose tools are the methods of the target. @throws CommandError, STORE_UNAVAILABLE */
export async function openServerTarget({ url, apiKey, agent }: ServerPlace, version: string): Promise<Target> {
  const client = new Client({ name: 'context-store', version }, { versionNegotiation: { mode: 'auto' } });
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const calling = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer;
    } catch (error) {
      throw serverFailure(url, error);
    }
  };
  await calling(client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } })));
  const call: CallTool = async <Name extends UseCaseName>(name: Name, input: UseCaseInput<Name>) => {
    const given: Record<string, unknown> = { ...input, agent: input.agent ?? agent };
    const { isError, structuredContent } = await calling(client.callTool({ name, arguments: given }));
    if (isError === true) throw errorFrom(structuredContent as ErrorBody);
    return structuredContent as UseCaseResult<Name>;
  };
  return {
    ...toolMethods(call),
    entries: (options) => followEntries((input) => call('getContext', input), options),
    close: () => client.close(),
    place: `${url.origin}${url.pathname}`,
  };
}

const toolMethods = (call: CallTool): Pick<Target, UseCaseName> => ({
  registerSession: (input = {}) => call('registerSession', input),
  updateContext: (input) => call('updateContext', input),
  getContext: (input) => call('getContext', input),
  getBriefing: (input) => call('getBriefing', input),
  requestHandoff: (input) => call('requestHandoff', input),
  listHandoffs: (input = {}) => call('listHandoffs', input),
  acceptHandoff: (input) => call('acceptHandoff', input),
  resolveHandoff: (input) => call('resolveHandoff', input),
  listSessions: (input = {}) => call('listSessions', input),
  updateSession: (input) => call('updateSession', input),
});
