import { Exit, type ExitCode, notFoundError, usageError } from '../../base/errors.ts';
import { bisectAsking, bisectWhere } from '../../commands/bisect/bisect.ts';
import { questionOf } from '../../commands/bisect/question.ts';
import type { Ask } from '../../commands/bisect/search.ts';
import type { BisectRequest, BisectResult, Turn } from '../../commands/bisect/types.ts';
import { rowJson } from '../../commands/event-row.ts';
import { JsonText } from '../../commands/json-text.ts';
import { refuseTogether } from '../../commands/queue/enqueue.ts';
import { splitPositionals } from '../../commands/target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';
import { StateCommand } from './bisect-command.ts';
import { bisectLines, nextLine } from './bisect-text.ts';

export interface BisectFlags {
  where?: string;
  job?: string;
  run?: string;
  first?: boolean;
}

export async function bisect(session: Session, args: readonly string[], flags: BisectFlags): Promise<ExitCode> {
  const { where, job, run } = flags;
  refuse(flags);
  const { path, range } = await splitPositionals(session.context, args);
  const request = { path, ...(range && { range }) };
  const result =
    run === undefined ? await askExpression(session, request, flags) : await askCommand(session, request, run);
  session.settle();
  const sound = exitOfVerdict(result.verdict);
  const exit = sound === Exit.ok && result.outcome !== 'found' ? Exit.failed : sound;
  const asked = {
    ...(where !== undefined && { where }),
    ...(job !== undefined && { job }),
    ...(run !== undefined && { run }),
  };
  if (session.json) await session.document({ asked, ...result, turn: result.turn && turnDocument(result.turn), exit });
  else for (const line of bisectLines(session, asked, result)) await session.out.line(line);
  await session.out.flush();
  if (session.json) return exit;
  await writeFaults(session, result.findings);
  const next = nextLine(result);
  if (next !== undefined) await session.err.line(`${session.errStyle.dim('next:')} ${session.errStyle.command(next)}`);
  return exit;
}

function refuse({ where, job, run, first }: BisectFlags): void {
  if (where === undefined && run === undefined) {
    throw usageError('E_USAGE', 'nothing says what is sought: give --where EXPRESSION or --run COMMAND');
  }
  refuseTogether({ '--where': where !== undefined, '--run': run !== undefined });
  refuseTogether({ '--run': run !== undefined, '--job': job !== undefined });
  refuseTogether({ '--run': run !== undefined, '--first': first === true });
}

async function askExpression(
  { context }: Session,
  request: BisectRequest,
  { where = '', job, first = false }: BisectFlags,
): Promise<BisectResult> {
  const question = questionOf({ where, ...(job !== undefined && { job }) }, context.env.clock.now());
  return await bisectWhere(context, { ...request, first }, question);
}

async function askCommand(session: Session, request: BisectRequest, run: string): Promise<BisectResult> {
  const command = await StateCommand.begin(session, run, request.path);
  let asked = 0;
  const ask: Ask = async (state, seq, left) => {
    const { answer, exit } = await command.ask(state, seq);
    asked++;
    // The first state is that at the end, the second the one before the range.
    if (asked === 2 && (exit === 126 || exit === 127)) throw notRun(seq, exit);
    const more = asked < 2 || left <= 1 ? '' : session.errStyle.dim(`, about ${left - 1} more to ask`);
    const word = answer === 'good' ? session.errStyle.good(answer) : session.errStyle.warn(answer);
    await session.err.line(`seq ${seq}: ${word} ${session.errStyle.dim(`(exit ${exit})`)}${more}`);
    await session.err.flush();
    return { answer, exit };
  };
  try {
    return await bisectAsking(session.context, request, ask);
  } finally {
    await command.end();
  }
}

function notRun(seq: number, exit: number): Error {
  const text = `the command cannot be run: exit ${exit} also at seq ${seq}, where the state must be good`;
  return notFoundError('E_BISECT_COMMAND', text, { data: { seq, exit } });
}

function turnDocument({ event, ...turn }: Turn): Record<string, unknown> {
  return { ...turn, ...(event && { event: new JsonText(rowJson(event)) }) };
}
