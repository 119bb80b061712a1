import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { MessagePipe } from '../../../src/queue/process/message-pipe.ts';
import { run } from './helpers.ts';

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${from + index}\n`).join('');

describe('fd 3', () => {
  it('hands out every line in order, also the last one without a newline and what a cut left over', async () => {
    const pipe = new PassThrough();
    const seen: string[] = [];
    const messages = new MessagePipe(pipe, 100, (line) => seen.push(line.toString()));
    const text = `${lines(0, 3000)}end`;
    for (let at = 0; at < text.length; at += 997) pipe.write(text.slice(at, at + 997));
    pipe.end();
    await messages.done;
    expect(seen).toEqual([...Array.from({ length: 3000 }, (_, index) => String(index)), 'end']);
    expect([messages.behind, messages.bytes]).toEqual([false, text.length]);
  });

  it('gives everybody else a turn between a few hundred lines, and does not read on meanwhile', async () => {
    const pipe = new PassThrough();
    let inThisTurn = 0;
    let most = 0;
    let total = 0;
    const messages = new MessagePipe(pipe, 100, () => {
      total++;
      most = Math.max(most, ++inThisTurn);
    });
    let over = false;
    const count = () => {
      inThisTurn = 0;
      if (!over) setImmediate(count);
    };
    count();
    pipe.write(lines(0, 20_000));
    expect(messages.behind).toBe(true);
    expect(pipe.isPaused()).toBe(true);
    pipe.end();
    await messages.done;
    over = true;
    expect(total).toBe(20_000);
    expect(most).toBeLessThanOrEqual(512);
  });

  it('closed while it is behind still gives out what was read', async () => {
    const pipe = new PassThrough();
    let total = 0;
    const messages = new MessagePipe(pipe, 100, () => total++);
    pipe.write(lines(0, 5000));
    pipe.destroy();
    await messages.done;
    expect(total).toBe(5000);
  });

  it('what a handler said before its exit counts, however much it was', async () => {
    const said = `i=0; while [ $i -lt 20 ]; do echo '{"progress":0.5}'; i=$((i+1)); done`;
    const outcome = await run(`yes '{"progress":0.5}' | head -n 30000 >&3; (${said}; echo '{"result":7}') >&3`, {
      drainMs: 1,
    });
    expect(outcome).toMatchObject({ verdict: { kind: 'ack', result: '7' }, ignoredLines: 0 });
  });

  it('that never ends does not keep a timeout from coming, nor the verdict after the exit', async () => {
    expect((await run('yes >&3', { timeoutMs: 100 })).verdict).toMatchObject({ kind: 'timeout' });
    expect((await run('setsid yes >&3 & exit 0', { drainMs: 20 })).verdict).toEqual({ kind: 'ack' });
  });
});
