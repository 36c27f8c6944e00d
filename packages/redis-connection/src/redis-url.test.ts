import { expect, it } from 'vitest';
import { findRedisUrlProblem } from './redis-url.js';

it.each([
  'redis://127.0.0.1',
  'redis://127.0.0.1:6379/',
  'rediss://user:p%40ss@redis.example:6380/1',
  'redis://:password@[::1]:6379',
])('takes %s', (url) => {
  expect(findRedisUrlProblem(url)).toBeUndefined();
});

it.each([
  '',
  '127.0.0.1',
  'secret',
  'http://127.0.0.1:6379',
  'redis://',
  'redis://a:secret@[',
  'redis://a:secret%ZZ@host',
  'redis://a:secret@host/one',
  'redis://a:secret@host:port',
  'postgres://127.0.0.1',
])('refuses %j, and says how to write it without repeating it', (url) => {
  expect(findRedisUrlProblem(url)).toMatch(/redis:\/\/user:password@host:port/);
  expect(findRedisUrlProblem(url)).not.toContain('secret');
});
