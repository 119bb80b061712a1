import type { ExitCode } from '../../base/errors.ts';
import { stateHashOf } from '../../commands/state-hash.ts';
import { splitPositionals } from '../../commands/target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';

export interface StateHashFlags {
  snapshot: string;
}

/** Damage that was met is said by the exit, as everywhere, though the state may lack nothing up to its point. */
export async function stateHash(session: Session, args: readonly string[], flags: StateHashFlags): Promise<ExitCode> {
  const { context, out, style } = session;
  const { path, range } = await splitPositionals(context, args);
  const until = args.at(-1);
  const request = { path, snapshot: flags.snapshot, ...(range !== undefined && until !== undefined && { until }) };
  const result = await stateHashOf(context, request);
  session.settle();
  const exit = exitOfVerdict(result.verdict);
  if (session.json) await session.document({ ...result, exit });
  else await out.line(`${result.stateHash}  ${style.dim(`seq ${result.seq}`)}`);
  await out.flush();
  if (!session.json) await writeFaults(session, result.findings);
  return exit;
}
