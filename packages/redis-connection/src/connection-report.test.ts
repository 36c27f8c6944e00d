import { expect, it } from 'vitest';
import { createConnectionReport, type ConnectionState } from './connection-report.js';

it('reports changes of the combined state alone', () => {
  const states: ConnectionState[] = [];
  const report = createConnectionReport((state) => states.push(state));
  report.up('one');
  report.up('two');
  report.down('one', Object.assign(new Error('connect 10.0.0.1'), { code: 'ECONNREFUSED' }));
  report.down('two', new Error('later'));
  report.down('one', new Error('again'));
  report.up('one');
  report.up('two');
  expect(states).toEqual([
    { isConnected: true },
    { isConnected: false, reason: 'ECONNREFUSED' },
    { isConnected: true },
  ]);
});

it('ignores a connection that is not needed any more', () => {
  const states: ConnectionState[] = [];
  const report = createConnectionReport((state) => states.push(state));
  expect(report.isConnected()).toBeUndefined();
  report.down('one', new Error('NOPERM'));
  expect(report.isConnected()).toBe(false);
  report.gone('one');
  expect(report.isConnected()).toBeUndefined();
  report.up('two');
  report.down('one', 'gone');
  expect(report.isConnected()).toBe(false);
  report.gone('one');
  expect(report.isConnected()).toBe(true);
  expect(states.map(({ isConnected }) => isConnected)).toEqual([false, true, false, true]);
});
