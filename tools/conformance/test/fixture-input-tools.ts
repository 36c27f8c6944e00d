import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  inputResponse,
  MissingRequiredClientCapabilityError,
  type ClientCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { textResult } from './fixture-content.js';
import { ask, form, sample, signed, verified } from './fixture-input.js';
import type { FixtureTool } from './fixture-tools.js';

const accepted = ({ mcpReq }: ServerContext, key: string): Record<string, unknown> | undefined =>
  acceptedContent(mcpReq.inputResponses, key);

const stateOf = ({ mcpReq }: ServerContext): string | undefined => verified(mcpReq.requestState<string>());

/** Asks for a confirmation, and takes it only together with the state that it gave out. */
const confirm: FixtureTool = {
  call: (context) => {
    const state = stateOf(context);
    return state === 'asked' && accepted(context, 'confirm') !== undefined
      ? textResult('state-ok')
      : inputRequired({
          inputRequests: { confirm: form('Please confirm', { ok: { type: 'boolean' } }) },
          requestState: signed('asked'),
        });
  },
};

/** Asks the client for something, one round or several: a server without sessions can in the newest protocol alone. */
export const inputTools: Readonly<Record<string, FixtureTool>> = {
  test_input_required_result_elicitation: {
    call: (context) => {
      const answer = accepted(context, 'user_name');
      return typeof answer?.['name'] === 'string'
        ? textResult(`Hello, ${answer['name']}!`)
        : inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
    },
  },
  test_input_required_result_sampling: {
    call: ({ mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'capital_question');
      return answer.kind === 'sampling'
        ? textResult(JSON.stringify(answer.result.content))
        : inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } });
    },
  },
  test_input_required_result_list_roots: {
    call: ({ mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'client_roots');
      return answer.kind === 'roots'
        ? textResult(answer.roots.map(({ uri }) => uri).join(' '))
        : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  },
  test_input_required_result_request_state: confirm,
  test_input_required_result_tampered_state: confirm,
  test_input_required_result_multiple_inputs: {
    call: (context) => {
      const keys = ['user_name', 'greeting', 'client_roots'];
      const isAnswered = keys.every((key) => inputResponse(context.mcpReq.inputResponses, key).kind !== 'missing');
      return isAnswered && stateOf(context) === 'asked'
        ? textResult('All answered.')
        : inputRequired({
            inputRequests: {
              user_name: ask('What is your name?', 'name'),
              greeting: sample('Generate a greeting', 50),
              client_roots: inputRequired.listRoots(),
            },
            requestState: signed('asked'),
          });
    },
  },
  test_input_required_result_multi_round: {
    call: (context) => {
      const state = stateOf(context);
      if (state === 'second' && accepted(context, 'step2') !== undefined) return textResult('Both answered.');
      return state === 'first' && accepted(context, 'step1') !== undefined
        ? inputRequired({
            inputRequests: { step2: ask('Step 2: What is your favorite color?', 'color') },
            requestState: signed('second'),
          })
        : inputRequired({
            inputRequests: { step1: ask('Step 1: What is your name?', 'name') },
            requestState: signed('first'),
          });
    },
  },
  test_input_required_result_capabilities: {
    call: ({ mcpReq }) => {
      // The SDK has checked it; its published type of the envelope is empty.
      const envelope: { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined = mcpReq.envelope;
      const { sampling, elicitation } = envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
      return inputRequired({
        inputRequests: {
          ...(sampling !== undefined && { answer: sample('What is the answer?', 100) }),
          ...(elicitation !== undefined && { user_name: ask('What is your name?', 'name') }),
        },
      });
    },
  },
  test_streaming_elicitation: {
    call: () => inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } }),
  },
  test_missing_capability: {
    call: () => {
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
    },
  },
};
