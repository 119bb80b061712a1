import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { File, FileSystem } from '../../src/fs/types.ts';
import { errnoOf, text, utf8 } from './helpers.ts';
import { type Subject, subjects } from './subjects.ts';

describe.each(Object.entries(subjects))('%s', (_name, make) => {
  let subject: Subject;
  let fs: FileSystem;
  let at: (name: string) => string;
  let opened: File[];

  beforeEach(() => {
    subject = make();
    fs = subject.fs;
    at = (name) => `${subject.root}/${name}`;
    opened = [];
  });
  afterEach(async () => {
    for (const file of opened) await file.close().catch(() => undefined);
    subject.dispose();
  });

  const open = async (...call: Parameters<FileSystem['open']>): Promise<File> => {
    const file = await fs.open(...call);
    opened.push(file);
    return file;
  };
  const create = async (name: string, content = ''): Promise<File> => {
    const file = await open(at(name), 'wx');
    await file.write(utf8(content), 0);
    return file;
  };
  const content = async (name: string): Promise<string> => {
    const file = await open(at(name), 'r');
    const buffer = new Uint8Array(await file.size());
    await file.read(buffer, 0);
    return text(buffer);
  };

  test('opening what is not there gives ENOENT for r and r+, and wx creates it empty', async () => {
    expect(await errnoOf(open(at('a'), 'r'))).toBe('ENOENT');
    expect(await errnoOf(open(at('a'), 'r+'))).toBe('ENOENT');
    expect(await (await open(at('a'), 'wx')).size()).toBe(0);
  });
  test('wx refuses what exists: file, folder, link, and a link to nothing', async () => {
    await create('file');
    await fs.mkdir(at('folder'));
    subject.symlink('file', at('link'));
    subject.symlink('nothing', at('dangling'));
    for (const name of ['file', 'folder', 'link', 'dangling'])
      expect(await errnoOf(open(at(name), 'wx'))).toBe('EEXIST');
  });
  test('a path through a missing folder gives ENOENT, through a file ENOTDIR', async () => {
    await create('file');
    for (const [name, errno] of [
      ['none/a', 'ENOENT'],
      ['file/a', 'ENOTDIR'],
    ] as const) {
      expect(await errnoOf(open(at(name), 'r'))).toBe(errno);
      expect(await errnoOf(open(at(name), 'wx'))).toBe(errno);
      expect(await errnoOf(fs.mkdir(at(name)))).toBe(errno);
      expect(await errnoOf(fs.unlink(at(name)))).toBe(errno);
      expect(await errnoOf(fs.rename(at('file'), at(name)))).toBe(errno);
      expect(await errnoOf(fs.link(at('file'), at(name)))).toBe(errno);
      expect(await errnoOf(fs.syncDir(at(name)))).toBe(errno);
    }
  });
  test('a folder opens for reading, cannot be read as a file, and not opened for writing', async () => {
    await fs.mkdir(at('folder'));
    const folder = await open(at('folder'), 'r');
    expect(await errnoOf(folder.read(new Uint8Array(1), 0))).toBe('EISDIR');
    expect(await errnoOf(open(at('folder'), 'r+'))).toBe('EISDIR');
  });
  test('reads are short at the end of the file and 0 behind it', async () => {
    const file = await create('a', 'hello');
    const buffer = new Uint8Array(4);
    expect(await file.read(buffer, 0)).toBe(4);
    expect(await file.read(buffer, 3)).toBe(2);
    expect(text(buffer.subarray(0, 2))).toBe('lo');
    expect(await file.read(buffer, 5)).toBe(0);
    expect(await file.read(buffer, 500)).toBe(0);
    expect(await file.read(new Uint8Array(0), 0)).toBe(0);
  });
  test('a write beyond the end leaves zeros between', async () => {
    const file = await create('a', 'ab');
    expect(await file.write(utf8('z'), 5)).toBe(1);
    expect(file.writeSync(utf8('y'), 7)).toBe(1);
    expect(await content('a')).toBe('ab\0\0\0z\0y');
  });
  test('writes are positional and never append', async () => {
    await create('a', 'abcdef');
    const file = await open(at('a'), 'r+');
    file.writeSync(utf8('XY'), 1);
    await file.write(utf8('Z'), 0);
    expect(await content('a')).toBe('ZXYdef');
  });
  test('an empty write beyond the end does not grow the file', async () => {
    const file = await create('a', 'ab');
    expect(await file.write(new Uint8Array(0), 10)).toBe(0);
    expect(await file.size()).toBe(2);
  });
  test('what is written is the buffer as it was at the call', async () => {
    const file = await create('a');
    const buffer = utf8('one');
    const written = file.write(buffer, 0);
    await written;
    buffer.fill(0);
    expect(await content('a')).toBe('one');
  });
  test('a file opened for reading refuses write and truncate, and can be synced', async () => {
    await create('a', 'abc');
    const file = await open(at('a'), 'r');
    expect(await errnoOf(file.write(utf8('x'), 0))).toBe('EBADF');
    expect(() => file.writeSync(utf8('x'), 0)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    expect(await errnoOf(file.truncate(0))).toBe('EINVAL');
    await file.datasync();
  });
  test('truncate cuts, and extends with zeros, never with the bytes cut before', async () => {
    const file = await create('a', 'abcdef');
    await file.truncate(2);
    await file.truncate(5);
    expect(await content('a')).toBe('ab\0\0\0');
    expect(await file.size()).toBe(5);
  });
  test('rename replaces a file, and moves between folders', async () => {
    await create('a', 'A');
    await create('b', 'B');
    await fs.mkdir(at('folder'));
    await fs.rename(at('a'), at('b'));
    await fs.rename(at('b'), at('folder/c'));
    expect(await fs.readdir(subject.root || '/')).toEqual(['folder']);
    expect(await content('folder/c')).toBe('A');
  });
  test('a replaced file lives on for whoever has it open', async () => {
    await create('a', 'A');
    const old = await create('b', 'B');
    await fs.rename(at('a'), at('b'));
    await old.write(utf8('still'), 0);
    expect(await old.size()).toBe(5);
    expect(await content('b')).toBe('A');
  });
  test('rename obeys kinds: EISDIR, ENOTDIR, ENOTEMPTY, EINVAL into itself, ENOENT', async () => {
    await create('file');
    await fs.mkdir(at('empty'));
    await fs.mkdir(at('full'));
    await create('full/x');
    expect(await errnoOf(fs.rename(at('file'), at('empty')))).toBe('EISDIR');
    expect(await errnoOf(fs.rename(at('empty'), at('file')))).toBe('ENOTDIR');
    expect(await errnoOf(fs.rename(at('empty'), at('full')))).toBe('ENOTEMPTY');
    expect(await errnoOf(fs.rename(at('full'), at('full/in')))).toBe('EINVAL');
    expect(await errnoOf(fs.rename(at('none'), at('x')))).toBe('ENOENT');
    await fs.rename(at('full'), at('empty'));
    expect(await fs.readdir(at('empty'))).toEqual(['x']);
  });
  test('renaming one hard link over another of the same file changes nothing', async () => {
    await create('a', 'A');
    await fs.link(at('a'), at('b'));
    await fs.rename(at('a'), at('b'));
    expect(await fs.readdir(subject.root || '/')).toEqual(['a', 'b']);
  });
  test('link gives a second name, refuses a taken one, a missing file and a folder', async () => {
    const file = await create('a', 'A');
    await fs.link(at('a'), at('b'));
    await file.write(utf8('AA'), 0);
    await fs.unlink(at('a'));
    expect(await content('b')).toBe('AA');
    await create('c');
    await fs.mkdir(at('folder'));
    expect(await errnoOf(fs.link(at('b'), at('c')))).toBe('EEXIST');
    expect(await errnoOf(fs.link(at('none'), at('d')))).toBe('ENOENT');
    expect(await errnoOf(fs.link(at('folder'), at('d')))).toBe('EPERM');
  });
  test('a file unlinked while open still reads and writes, and its name is free', async () => {
    const file = await create('a', 'abc');
    await fs.unlink(at('a'));
    expect(await fs.lstat(at('a'))).toBeUndefined();
    await file.write(utf8('d'), 3);
    const buffer = new Uint8Array(9);
    expect(await file.read(buffer, 0)).toBe(4);
    await create('a', 'new');
    expect(await content('a')).toBe('new');
  });
  test('unlink refuses a folder, rmdir a file and a full folder', async () => {
    await fs.mkdir(at('folder'));
    await create('folder/a');
    expect(await errnoOf(fs.unlink(at('folder')))).toBe(process.platform === 'linux' ? 'EISDIR' : 'EPERM');
    expect(await errnoOf(fs.rmdir(at('folder/a')))).toBe('ENOTDIR');
    expect(await errnoOf(fs.rmdir(at('folder')))).toBe('ENOTEMPTY');
    await fs.unlink(at('folder/a'));
    await fs.rmdir(at('folder'));
    expect(await errnoOf(fs.rmdir(at('folder')))).toBe('ENOENT');
    expect(await errnoOf(fs.unlink(at('folder')))).toBe('ENOENT');
  });
  test('mkdir refuses what exists', async () => {
    await fs.mkdir(at('folder'));
    expect(await errnoOf(fs.mkdir(at('folder')))).toBe('EEXIST');
  });
  test('readdir is sorted by code unit, and ENOENT or ENOTDIR otherwise', async () => {
    for (const name of ['b', 'a', 'B', '10', '9']) await create(name);
    expect(await fs.readdir(subject.root || '/')).toEqual(['10', '9', 'B', 'a', 'b']);
    expect(await errnoOf(fs.readdir(at('none')))).toBe('ENOENT');
    expect(await errnoOf(fs.readdir(at('a')))).toBe('ENOTDIR');
  });
  test('lstat sees the link, stat what it leads to; nothing there is undefined, a file in the way is not', async () => {
    await create('file', 'four');
    subject.symlink('file', at('link'));
    subject.symlink('nothing', at('dangling'));
    expect(await fs.lstat(at('file'))).toMatchObject({ kind: 'file', size: 4 });
    expect(await fs.lstat(at('link'))).toMatchObject({ kind: 'link' });
    expect(await fs.stat(at('link'))).toMatchObject({ kind: 'file', size: 4 });
    expect(await fs.lstat(at('dangling'))).toMatchObject({ kind: 'link' });
    expect(await fs.stat(at('dangling'))).toBeUndefined();
    expect(await fs.lstat(at('none/below'))).toBeUndefined();
    expect(await errnoOf(fs.lstat(at('file/below')))).toBe('ENOTDIR');
    expect(await fs.lstat(subject.root || '/')).toMatchObject({ kind: 'folder' });
  });
  test('ino and dev tell whether two looks saw the same file', async () => {
    const file = await create('a');
    await create('b');
    await fs.link(at('a'), at('c'));
    const [info, a, b, c] = [
      await file.info(),
      await fs.lstat(at('a')),
      await fs.lstat(at('b')),
      await fs.stat(at('c')),
    ];
    expect([a?.ino, a?.dev]).toEqual([info.ino, info.dev]);
    expect(c?.ino).toBe(info.ino);
    expect(b?.ino).not.toBe(info.ino);
  });
  test('links are followed unless nofollow is set; a ring of links gives ELOOP', async () => {
    await fs.mkdir(at('folder'));
    await create('folder/a', 'A');
    subject.symlink('folder', at('way'));
    subject.symlink('folder/a', at('link'));
    subject.symlink('ring2', at('ring1'));
    subject.symlink('ring1', at('ring2'));
    expect(await content('way/a')).toBe('A');
    expect(await content('link')).toBe('A');
    expect(await errnoOf(open(at('link'), 'r', { nofollow: true }))).toBe('ELOOP');
    await (await open(at('way/a'), 'r', { nofollow: true })).close();
    expect(await errnoOf(open(at('ring1'), 'r'))).toBe('ELOOP');
    expect(await errnoOf(fs.stat(at('ring1')))).toBe('ELOOP');
  });
  test('unlink and rename touch the link, not its target', async () => {
    await create('a', 'A');
    subject.symlink('a', at('link'));
    await fs.rename(at('link'), at('moved'));
    expect(await fs.lstat(at('moved'))).toMatchObject({ kind: 'link' });
    await fs.unlink(at('moved'));
    expect(await content('a')).toBe('A');
  });
  test('syncDir works on a folder; on nothing it gives ENOENT', async () => {
    await fs.syncDir(subject.root || '/');
    expect(await errnoOf(fs.syncDir(at('none')))).toBe('ENOENT');
  });
  test('a lock is refused while another open of the same file holds an overlapping range', async () => {
    await create('a');
    const [one, two] = [await open(at('a'), 'r+'), await open(at('a'), 'r+')];
    expect(await one.tryLock(0, 10)).toBe(true);
    expect(await one.tryLock(0, 10)).toBe(true);
    expect(await two.tryLock(9, 1)).toBe(false);
    expect(await two.tryLock(10, 5)).toBe(true);
    expect(await one.tryLock(14, 1)).toBe(false);
    await one.close();
    expect(await two.tryLock(0, 10)).toBe(true);
  });
  test('a lock belongs to the file, whatever its name, and reaches beyond the end', async () => {
    await create('a');
    await fs.link(at('a'), at('b'));
    const [one, two] = [await open(at('a'), 'r+'), await open(at('b'), 'r+')];
    const far = 2 ** 40;
    expect(await one.tryLock(far, 1)).toBe(true);
    await fs.unlink(at('a'));
    expect(await two.tryLock(far, 1)).toBe(false);
    await create('a');
    expect(await (await open(at('a'), 'r+')).tryLock(far, 1)).toBe(true);
  });
  test('a file opened for reading cannot be locked', async () => {
    await create('a');
    expect(await errnoOf((await open(at('a'), 'r')).tryLock(0, 1))).toBe('EBADF');
  });
});
