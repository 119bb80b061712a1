import { expect, test } from 'vitest';
import { closeAll, thenClose } from '../../src/base/close-all.ts';

/** Steps that note their turn; a name with '!' fails, one with '~' takes a while. */
function stepsInto(taken: string[], ...names: readonly string[]): (() => unknown)[] {
  return names.map((name) => () => {
    if (name.endsWith('!')) {
      taken.push(name);
      throw new Error(name);
    }
    if (!name.endsWith('~')) return taken.push(name);
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => taken.push(name));
  });
}

test('all steps are taken, each after the one before it', async () => {
  const taken: string[] = [];
  await closeAll(...stepsInto(taken, 'a~', 'b', 'c~'));
  expect(taken).toEqual(['a~', 'b', 'c~']);
});

test('a step that fails, at once or later, keeps none from being taken; the first failure is told', async () => {
  const taken: string[] = [];
  const later = async () => {
    taken.push('later');
    await Promise.reject(new Error('later'));
  };
  const failure = await closeAll(...stepsInto(taken, 'a', 'b!'), later, ...stepsInto(taken, 'c!', 'd')).catch(String);
  expect(failure).toBe('Error: b!');
  expect(taken).toEqual(['a', 'b!', 'later', 'c!', 'd']);
  // What was thrown may be anything.
  await expect(closeAll(() => Promise.reject(undefined))).rejects.toBeUndefined();
});

test('what the work gave comes once the steps are taken; a step that failed is told instead', async () => {
  const taken: string[] = [];
  const work = async () => {
    await Promise.resolve();
    return taken.push('work');
  };
  expect(await thenClose(work, ...stepsInto(taken, 'a~', 'b'))).toBe(1);
  expect(taken).toEqual(['work', 'a~', 'b']);
  await expect(thenClose(work, ...stepsInto(taken, 'c!', 'd'))).rejects.toThrow('c!');
  expect(taken.at(-1)).toBe('d');
});

test('the failure of the work is told before those of the steps, which are taken all the same', async () => {
  const taken: string[] = [];
  const fails = () => Promise.reject(new Error('work'));
  await expect(thenClose(fails, ...stepsInto(taken, 'a~', 'b!', 'c'))).rejects.toThrow('work');
  expect(taken).toEqual(['a~', 'b!', 'c']);
});
