import { inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { textResult } from './fixture-content.js';
import { form, sample, type InputRequest } from './fixture-input.js';
import type { FixtureTool } from './fixture-tools.js';

const key = 'answer';

const asking = (request: (given: Readonly<Record<string, unknown>>) => InputRequest): FixtureTool => ({
  call: ({ mcpReq }, given) => {
    const answer = inputResponse(mcpReq.inputResponses, key);
    return answer.kind === 'missing'
      ? inputRequired({ inputRequests: { [key]: request(given) } })
      : textResult(JSON.stringify(answer));
  },
});

const options = ['option1', 'option2', 'option3'];
const titled = [
  { const: 'value1', title: 'First' },
  { const: 'value2', title: 'Second' },
];

/**
 * Asks the client while the call is under way. In the older protocol that takes a connection on which the server can
 * call the client: what a server without sessions can't have, so these calls must fail there.
 */
export const elicitationTools: Readonly<Record<string, FixtureTool>> = {
  test_sampling: asking(({ prompt }) => sample(String(prompt), 100)),
  test_elicitation: asking(({ message }) =>
    form(String(message), { username: { type: 'string' }, email: { type: 'string' } }),
  ),
  test_elicitation_sep1034_defaults: asking(() =>
    form('Please fill in.', {
      name: { type: 'string', default: 'John Doe' },
      age: { type: 'integer', default: 30 },
      score: { type: 'number', default: 95.5 },
      status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
      verified: { type: 'boolean', default: true },
    }),
  ),
  test_elicitation_sep1330_enums: asking(() =>
    form('Please fill in.', {
      untitledSingle: { type: 'string', enum: options },
      titledSingle: { type: 'string', oneOf: titled },
      legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['One', 'Two'] },
      untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
      titledMulti: { type: 'array', items: { anyOf: titled } },
    }),
  ),
};
