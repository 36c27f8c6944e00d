import { describe, expect, it } from 'vitest';
import { describeError } from './describe-error.js';

const marker = 'MARKER';

describe('an error in the log', () => {
  it('has a type, a message, a code, its frames and its causes', () => {
    const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
    expect(describeError(new TypeError('no answer', { cause }))).toEqual({
      type: 'TypeError',
      message: 'no answer',
      stack: expect.stringMatching(/^at .*describe-error\.test\.ts/) as string,
      cause: {
        type: 'Error',
        message: 'connect refused',
        code: 'ECONNREFUSED',
        stack: expect.stringMatching(/^at /) as string,
      },
    });
  });

  it('has none of the properties that a driver adds', () => {
    const hung = {
      detail: marker,
      where: marker,
      query: marker,
      parameters: [marker],
      code: '23505',
      errors: [marker],
    };
    expect(JSON.stringify(describeError(Object.assign(new Error('duplicate key'), hung)))).not.toContain(marker);
  });

  it.each([
    ['JSON that cannot be read', parseFailure()],
    ["a value that is none of PostgreSQL's", Object.assign(new Error(`invalid "${marker}"`), { code: '22P02' })],
    ['what is no error', marker],
    ['a code that is a sentence', Object.assign(new Error('x'), { code: `no ${marker}` })],
    ['a cause', new Error('outer', { cause: parseFailure() })],
  ])('has no message that may quote input: %s', (_case, error) => {
    expect(JSON.stringify(describeError(error))).not.toContain(marker);
  });

  it('has no line of its message among its frames', () => {
    const error = new SyntaxError(`bad\n    at ${marker} (file.js:1:1)`);
    expect(JSON.stringify(describeError(error))).not.toContain(marker);
    expect(describeError(error).stack).toMatch(/^at /);
  });

  it('ends, also where errors cause each other', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).match(/round/g)).toHaveLength(5);
  });
});

function parseFailure(): unknown {
  try {
    return JSON.parse(marker);
  } catch (error) {
    return error;
  }
}
