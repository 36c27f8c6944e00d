import {
  acceptedContent,
  inputRequired,
  type GetPromptResult,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { embedded, image, text } from './fixture-content.js';
import { ask } from './fixture-input.js';

export interface FixturePrompt {
  /** All of them are required. */
  readonly arguments?: readonly string[];
  readonly get: (
    given: Readonly<Record<string, string>>,
    context: ServerContext,
  ) => GetPromptResult | InputRequiredResult;
}

type Content = GetPromptResult['messages'][number]['content'];

const fromUser = (...contents: Content[]): GetPromptResult => ({
  messages: contents.map((content) => ({ role: 'user', content })),
});

export const fixturePrompts: ReadonlyMap<string, FixturePrompt> = new Map(
  Object.entries<FixturePrompt>({
    test_simple_prompt: { get: () => fromUser(text('This is a simple prompt for testing.')) },
    test_prompt_with_arguments: {
      arguments: ['arg1', 'arg2'],
      get: ({ arg1, arg2 }) => fromUser(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
    },
    test_prompt_with_embedded_resource: {
      arguments: ['resourceUri'],
      get: ({ resourceUri = '' }) =>
        fromUser(
          embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
          text('Please process the embedded resource above.'),
        ),
    },
    test_prompt_with_image: { get: () => fromUser(image, text('Please analyze the image above.')) },
    test_input_required_result_prompt: {
      get: (_given, { mcpReq }) => {
        const answer = acceptedContent(mcpReq.inputResponses, 'user_context');
        return answer === undefined
          ? inputRequired({ inputRequests: { user_context: ask('What context should the prompt use?', 'context') } })
          : fromUser(text(`Context: ${String(answer['context'])}`));
      },
    },
  }),
);
