import { Exit, type ExitCode, WalqError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import type { EnqueueListener, EnqueueResult } from '../../commands/queue/enqueue.ts';
import type { EnqueueAnswer } from '../../queue/engine-types.ts';
import { failureDocument, InDocument } from '../failure.ts';
import type { Session } from '../session.ts';
import { count, counted } from '../text.ts';
import { Failures } from './failures.ts';

/** Tells of many jobs on their way into the queue: a line for each, or one document at the end. */
export class EnqueueReport implements EnqueueListener {
  readonly #session: Session;
  readonly #quiet: boolean;
  readonly #jobs: EnqueueAnswer[] = [];
  readonly #skipped: Record<string, unknown>[] = [];
  readonly #failures: Failures;

  constructor(session: Session, quiet: boolean) {
    this.#session = session;
    this.#quiet = quiet;
    this.#failures = new Failures(session);
  }

  /** At once: whoever feeds a pipe may wait to hear that its job is safe. */
  async answered(answers: readonly EnqueueAnswer[]): Promise<void> {
    const { json, out } = this.#session;
    if (json) this.#jobs.push(...answers);
    if (json || this.#quiet) return;
    await out.write(answers.map((answer) => `${escapeText(answer.id)} ${this.#word(answer)}\n`).join(''));
    await out.flush();
  }

  skipped(error: WalqError): void {
    if (this.#session.json) this.#skipped.push(failureDocument(error, this.#session));
    process.stderr.write(this.#failures.text(error, 'skipped:'));
  }

  /** A failure in the middle takes the answers so far along: they are on disk. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WalqError) || !this.#session.json || this.#jobs.length === 0) throw error;
      await this.#session.document({
        jobs: this.#jobs,
        skipped: this.#skipped,
        error: failureDocument(error, this.#session),
      });
      throw new InDocument(error);
    }
  }

  /** Answers the exit code. */
  async end(result: EnqueueResult): Promise<ExitCode> {
    const session = this.#session;
    session.settle();
    const { skipped, enqueued, duplicates, replaced } = result;
    const exit = skipped > 0 ? Exit.failed : Exit.ok;
    if (session.json) await session.document({ ...result, jobs: this.#jobs, skipped: this.#skipped, exit });
    else if (!this.#quiet && (enqueued + duplicates + replaced > 1 || skipped > 0)) {
      const parts = [
        `${counted(enqueued, 'job')} enqueued`,
        ...(replaced > 0 ? [`${count(replaced)} replaced`] : []),
        ...(duplicates > 0 ? [counted(duplicates, 'duplicate')] : []),
        ...(skipped > 0 ? [session.errStyle.bad(`${count(skipped)} skipped`)] : []),
      ];
      await session.err.line(parts.join(', '));
    }
    return exit;
  }

  #word({ status, replaced }: EnqueueAnswer): string {
    const { style } = this.#session;
    if (status === 'enqueued') return style.good('enqueued');
    if (status === 'duplicate') return style.warn('duplicate');
    return `${style.good('replaced')} (instead of ${escapeText(replaced ?? '')})`;
  }
}
