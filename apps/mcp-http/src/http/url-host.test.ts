import { expect, it } from 'vitest';
import { urlHost } from './url-host.js';

it('puts an IPv6 address in brackets', () => {
  expect([urlHost('::1'), urlHost('127.0.0.1')]).toEqual(['[::1]', '127.0.0.1']);
});
