import { describe, expect, it } from 'vitest';
import { acceptsAnswers, nameAnswerTypes } from './accept.js';

describe('a client accepts both types of answers', () => {
  it.each([
    undefined,
    '',
    '*/*',
    'application/json, text/event-stream',
    'text/event-stream,application/json',
    'Application/JSON, TEXT/Event-Stream',
    'application/*, text/*',
    'application/json;q=0.9, */*;q=0.1',
    'application/json; charset=utf-8, text/event-stream;q=0.001',
    'text/html, application/xhtml+xml, */*;q=0.8',
    'application/json , , text/event-stream',
  ])('with Accept: %j', (accept) => {
    expect(acceptsAnswers(accept)).toBe(true);
    const request = new Request('http://localhost/mcp', { headers: accept === undefined ? {} : { accept } });
    nameAnswerTypes(request);
    expect(request.headers.get('accept')).toMatch(/application\/json/);
    expect(request.headers.get('accept')).toMatch(/text\/event-stream/);
  });
});

describe('a client does not accept them', () => {
  it.each([
    'application/json',
    'text/event-stream',
    'text/*',
    'application/jsonx, text/event-stream',
    'application/json, text/event-streams',
    'xapplication/json, text/event-stream',
    'application/json;q=0, text/event-stream',
    '*/*, text/event-stream;q=0',
    'application/*;q=0, */*',
    '*/*;q=0',
    'text/html',
    'json',
  ])('with Accept: %s', (accept) => {
    expect(acceptsAnswers(accept)).toBe(false);
  });
});
