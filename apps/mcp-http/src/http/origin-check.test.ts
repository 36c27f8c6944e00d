import { expect, it } from 'vitest';
import { createOriginCheck, readOrigin } from './origin-check.js';

it.each([
  ['https://app.example', 'https://app.example'],
  ['HTTPS://App.example:443/', 'https://app.example'],
  ['http://app.example:8080', 'http://app.example:8080'],
  ['http://[::1]:80', 'http://[::1]'],
  ['moz-extension://0f5e', 'moz-extension://0f5e'],
  ['moz-extension://*', 'moz-extension://*'],
])('reads %s as browsers write it', (text, origin) => {
  expect(readOrigin(text)).toBe(origin);
});

it.each([
  'app.example',
  'app.example:8080',
  'https://',
  'https://app.example/mcp',
  'https://me@app.example',
  'https://*',
  'https://*.app.example',
  'wss://app.example',
  'ftp://app.example',
  'file:///app',
  'ext://*.example',
  '*',
  'null',
  '',
])('refuses %j, which is no origin', (text) => {
  expect(readOrigin(text)).toBeUndefined();
});

it('compares scheme, host and port of origins, and the host alone of host names', () => {
  const isNamed = createOriginCheck(
    ['https://app.example', 'http://app.example:8080', 'ext://*'],
    ['localhost', '[::1]'],
  );
  for (const named of [
    'https://app.example',
    'http://app.example:8080',
    'ext://0f5e',
    'http://localhost:5173',
    'https://localhost',
    'http://[::1]:80',
  ]) {
    expect([named, isNamed(named)]).toEqual([named, true]);
  }
  for (const other of [
    'http://app.example',
    'https://app.example:8443',
    'http://app.example:8081',
    'https://app.example.evil.example',
    'https://other.app.example',
    'https://localhost.evil.example',
    'ext2://0f5e',
    'https://*',
    'ext:',
    'null',
  ]) {
    expect([other, isNamed(other)]).toEqual([other, false]);
  }
});

it('allows no origin if the list is empty', () => {
  for (const origin of ['http://localhost', 'null', 'https://*']) expect(createOriginCheck([])(origin)).toBe(false);
});
