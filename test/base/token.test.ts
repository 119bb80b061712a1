import { expect, test } from 'vitest';
import { systemRandom } from '../../src/base/node-clock.ts';
import { TokenSource } from '../../src/base/token.ts';

test('a token is 128 bits as hex digits, each of its own', () => {
  let next = 0;
  const source = new TokenSource((buffer) => {
    for (const at of buffer.keys()) buffer[at] = next++;
  });
  expect(source.next()).toBe('000102030405060708090a0b0c0d0e0f');
  expect(source.next()).toBe('101112131415161718191a1b1c1d1e1f');
  const random = new TokenSource(systemRandom);
  expect(new Set(Array.from({ length: 1000 }, () => random.next())).size).toBe(1000);
});
