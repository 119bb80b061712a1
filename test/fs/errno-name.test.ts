import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { hasErrno } from '../../src/base/errors.ts';
import { named, withName } from '../../src/fs/errno-name.ts';
import { writeError } from '../../src/fs/failure.ts';

/** As Node makes it of an errno that it does not know. */
function unknownToNode(errno: number, code = `Unknown system error -${errno}`): Error {
  return Object.assign(new Error(code), { errno: -errno, code, syscall: 'write' });
}

test.each(['UNKNOWN', undefined])('a used up quota is a full disk, although Node calls it %s', (code) => {
  const quota = unknownToNode(constants.errno.EDQUOT, code);
  expect(() => named(() => raise(quota))).toThrow(quota);
  expect(hasErrno(quota, 'EDQUOT')).toBe(true);
  expect(writeError('/store', quota)).toMatchObject({ code: 'E_NO_SPACE', exit: 74 });
});

test('what the system has no name for either is an I/O error, and what has a name keeps it', () => {
  expect(writeError('/store', withName(unknownToNode(9999)))).toMatchObject({ code: 'E_IO', data: { errno: 'E9999' } });
  const known = Object.assign(new Error('EIO'), { errno: -5, code: 'EIO' });
  expect(withName(known)).toMatchObject({ code: 'EIO' });
  expect(withName('no error')).toBe('no error');
});

function raise(error: Error): never {
  throw error;
}
