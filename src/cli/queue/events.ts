import type { ExitCode } from '../../base/errors.ts';
import { openLog } from '../../commands/log-source.ts';
import { storePath } from '../../commands/store-path.ts';
import { openTarget } from '../../commands/target.ts';
import type { Session } from '../session.ts';
import { type InspectFlags, inspect } from '../wal/inspect.ts';

/** Followed without a range, a queue is shown from here on. */
const followedFrom = '@-10..';

/** The events of the queue: `wal inspect` of its store. */
export async function events(session: Session, args: readonly string[], flags: InspectFlags): Promise<ExitCode> {
  const store = storePath(session.context);
  if (args.length > 0) return await inspect(session, [store, ...args], flags);
  const following = (flags.follow === true || flags.untilMatch === true) && (await hasEvents(session, store));
  return await inspect(session, following ? [store, followedFrom] : [], flags);
}

async function hasEvents({ context }: Session, store: string): Promise<boolean> {
  const log = openLog(context, await openTarget(context, store));
  return (await log.look().ends()) !== undefined;
}
