import { expect, test } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { openTarget } from '../../src/commands/target.ts';
import { contextIn } from '../support/command-context.ts';
import { type SimEnv, simEnv } from '../support/env.ts';
import { crashStates } from '../support/sim-crash.ts';
import { isChange, SimCrash } from '../support/sim-ops.ts';
import { tried } from '../support/tried.ts';
import { sample } from './sample.ts';
import { contentOf, copy, imported } from './support.ts';

/** What is under the name of the new store: nothing that passes for one, or all of it. */
async function found(env: SimEnv, whole: unknown): Promise<'none' | 'whole'> {
  if ((await env.fs.lstat(copy)) === undefined) return 'none';
  try {
    expect(await openTarget(contextIn(env), copy)).toMatchObject({ kind: 'store' });
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_NO_STORE' });
    return 'none';
  }
  expect(await contentOf(env, copy)).toEqual(whole);
  return 'whole';
}

for (const there of [false, true]) {
  test(`an import that dies at any call leaves the whole store or none (folder there: ${there})`, async (context) => {
    const { env: first, text } = await sample({ cleaned: true });
    await imported(first, text);
    const whole = await contentOf(first, copy);
    const outcomes = { none: 0, whole: 0 };
    for (let op = 1; ; op++) {
      const env = simEnv();
      if (there) await env.fs.mkdir(copy);
      if (there) await env.fs.syncDir('/');
      env.fs.dieAt(env.fs.log.length + op, 'before');
      const died = await imported(env, text).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof SimCrash)) throw error;
          return true;
        },
      );
      if (!died) break;
      for (const { fs } of crashStates(env.fs)) outcomes[await found({ ...env, fs }, whole)]++;
    }
    expect(outcomes.none).toBeGreaterThan(100);
    expect(outcomes.whole).toBeGreaterThan(there ? 3 : 0);
    tried(context, 'kill-9', { 'import: no new store': outcomes.none, 'import: whole': outcomes.whole });
  });
}

test('an import that dies while its failure is taken back leaves no part that looks whole', async () => {
  const { env: first, text } = await sample({ cleaned: true });
  await imported(first, text);
  const whole = await contentOf(first, copy);
  const begin = async () => {
    const env = simEnv();
    await env.fs.mkdir(copy);
    await env.fs.syncDir('/');
    return { env, from: env.fs.log.length };
  };
  const one = await begin();
  await imported(one.env, text);
  const done = one.env.fs.log.slice(one.from);
  const changes = done.filter(({ kind }) => isChange(kind)).length;
  const outcomes = { none: 0, whole: 0 };
  for (let op = 0; op < 12; op++) {
    const { env, from } = await begin();
    env.fs.inject({ nth: changes, errno: 'EIO', match: ({ kind }) => isChange(kind), sync: 'kept' });
    env.fs.dieAt(from + done.length + 1 + op, 'before');
    await expect(imported(env, text)).rejects.toThrow();
    for (const { fs } of crashStates(env.fs)) outcomes[await found({ ...env, fs }, whole)]++;
  }
  expect(outcomes.none).toBeGreaterThan(10);
});

test('an import on a disk that is full or fails, at any call, makes the whole store or nothing at all', async () => {
  const { env: first, text } = await sample({ cleaned: true });
  await imported(first, text);
  const whole = await contentOf(first, copy);
  const codes = new Map<string, number>();
  for (const errno of ['ENOSPC', 'EIO']) {
    for (let op = 1; ; op++) {
      const env = simEnv();
      env.fs.inject({ nth: op, errno, match: ({ kind }) => isChange(kind), sync: 'kept' });
      const code = await imported(env, text).then(
        () => 'done',
        (error: unknown) => {
          expect(error).toBeInstanceOf(WalqError);
          return (error as WalqError).code;
        },
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
      const left = (await env.fs.readdir('/')).filter((name) => name !== 'text.ndjson');
      if (left.includes('copy')) expect(await contentOf(env, copy)).toEqual(whole);
      else expect(left).toEqual([]);
      if (env.fs.log.filter(({ kind }) => isChange(kind)).length < op) break;
    }
  }
  expect(codes.get('E_NO_SPACE')).toBeGreaterThan(5);
  expect(codes.get('E_IO')).toBeGreaterThan(5);
});
