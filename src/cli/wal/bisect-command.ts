import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { ioError, notFoundError } from '../../base/errors.ts';
import type { Answered } from '../../commands/bisect/search.ts';
import type { ReplayResult } from '../../commands/replay-types.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { makeTempFolder, openForChild, removeTempTree, tempFileWriter } from '../../fs/temp.ts';
import { GroupEnder, killGroup, signalGroup } from '../../queue/process/group.ts';
import { procTable } from '../../queue/process/process-table.ts';
import { Output } from '../output.ts';
import type { Session } from '../session.ts';
import { writeState } from '../state.ts';
import { viewOf } from './replay.ts';

/** Between SIGTERM and SIGKILL, when the user has had enough. */
const killAfterMs = 2000;

/**
 * A shell line that judges states. It runs as the leader of a process group of its own, with the state on its standard
 * input and in the file $WALQ_STATE, as `walq wal replay --until $WALQ_SEQ --json` writes it; what it prints goes to
 * our stderr. Interrupted, neither processes nor files of it are left.
 */
export class StateCommand {
  readonly #session: Session;
  readonly #command: string;
  readonly #path: string;
  readonly #folder: string;
  #running: { child: ChildProcess; ender: GroupEnder; over: Promise<unknown> } | undefined;
  #leaving = false;
  readonly #onInterrupt = () => void this.#leave(130);
  readonly #onTerminate = () => void this.#leave(143);

  private constructor(session: Session, command: string, path: string, folder: string) {
    this.#session = session;
    this.#command = command;
    this.#path = path;
    this.#folder = folder;
  }

  /** `path` of the log, for $WALQ_STORE. */
  static async begin(session: Session, command: string, path: string): Promise<StateCommand> {
    const folder = await makeTempFolder(`${tmpdir()}/walq-bisect-`);
    const started = new StateCommand(session, command, path, folder);
    session.takeSignals();
    process.on('SIGINT', started.#onInterrupt);
    process.on('SIGTERM', started.#onTerminate);
    return started;
  }

  async end(): Promise<void> {
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGTERM', this.#onTerminate);
    await removeTempTree(this.#folder);
  }

  /** Throws E_BISECT_COMMAND (1) for an exit that is no answer. */
  async ask(state: ReplayResult, seq: number): Promise<Required<Answered>> {
    const file = `${this.#folder}/state-${seq}.json`;
    await this.#write(state, file);
    const exit = await this.#run(file, seq);
    await removeTempTree(file);
    if (exit === 0) return { answer: 'good', exit };
    if (exit === 125) return { answer: 'skip', exit };
    if (exit < 128) return { answer: 'bad', exit };
    throw notFoundError(
      'E_BISECT_COMMAND',
      `the command ended with ${exit} at seq ${seq}: no answer, the search stops`,
      {
        data: { seq, exit },
      },
    );
  }

  async #write(state: ReplayResult, file: string): Promise<void> {
    const stream = tempFileWriter(file);
    const out = new Output(stream);
    const session = { ...this.#session, kind: 'wal.replay', out, settle: () => {} };
    await writeState(session, viewOf(state), 'json', exitOfVerdict(state.verdict));
    await out.flush();
    stream.end();
    await finished(stream);
  }

  /** The exit code; 128 and the number of the signal for an end by one. */
  async #run(file: string, seq: number): Promise<number> {
    const { env, variables } = this.#session.context;
    const more = { WALQ_SEQ: String(seq), WALQ_STATE: file, WALQ_STORE: resolve(this.#path) };
    const input = await openForChild(file);
    const child = spawn('/bin/sh', ['-c', this.#command], {
      detached: true,
      env: { ...variables, ...more },
      stdio: [input.fd, 2, 2],
    });
    const over = once(child, 'exit').catch((error: unknown) => error);
    if (child.pid === undefined) {
      await input.close();
      throw ioError('E_BISECT_COMMAND', 'the shell /bin/sh cannot be started', { cause: await over });
    }
    const ender = new GroupEnder(child.pid, env.clock, killAfterMs);
    // Before anything is waited for: a signal may come at once, and must find what it is to end.
    this.#running = { child, ender, over };
    await input.close();
    await over;
    ender.cancel();
    await this.#endGroup(child.pid);
    // Once this process is on its way out, nothing may be started any more.
    if (this.#leaving) await new Promise(() => {});
    this.#running = undefined;
    return child.exitCode ?? 128 + (child.signalCode === null ? 0 : constants.signals[child.signalCode]);
  }

  /** What the command has left running. On Linux it is seen to be gone; elsewhere zombies would look like it. */
  async #endGroup(pid: number | undefined): Promise<void> {
    const { fs, clock } = this.#session.context.env;
    const table = process.platform === 'linux' ? procTable(fs) : undefined;
    if (pid !== undefined && signalGroup(pid, 0)) await killGroup(pid, clock, table);
  }

  /** The first signal asks the command to end, a second one does not ask. */
  async #leave(exit: number): Promise<void> {
    const running = this.#running;
    running?.ender.end(this.#leaving ? 'now' : undefined);
    if (this.#leaving) return;
    this.#leaving = true;
    this.#session.settle();
    if (running !== undefined) {
      await running.over;
      await this.#endGroup(running.child.pid);
    }
    await removeTempTree(this.#folder);
    process.exit(exit);
  }
}
