import type { CodeCatalogue } from '../../base/errors.ts';

/** Codes of child processes and of the control socket. */
export const processCodes: CodeCatalogue = {
  E_CONTROL_BIND: {
    title: 'the control socket could not be opened',
    explain:
      'The runner could not listen on run/sock in its store, so other commands would not reach it. The jobs are untouched.',
    next: 'check the permissions of STORE/run and that its file system supports unix sockets',
  },
  E_CONTROL_STORE: {
    title: 'the process on the control socket serves another store',
    explain:
      'Both sides say first which store they mean, and the two did not agree. The connection was closed before any request.',
    next: 'check --store, and restart the runner if its store folder was moved or replaced',
  },
  E_CONTROL_VERSION: {
    title: 'the runner speaks another version of the control protocol',
    explain: 'The command and the running queue come from different versions of walq. Nothing was sent.',
    next: 'restart the runner with the same version of walq',
  },
  E_CONTROL_PROTOCOL: {
    title: 'the other side of the control socket broke the protocol',
    explain:
      'A message was not valid UTF-8 or JSON, had the wrong shape, or came at the wrong time. Only this connection was closed.',
    next: 'speak the protocol of docs/socket.md: one JSON object per line',
  },
  E_CONTROL_TOO_LARGE: {
    title: 'a message is too large for the control socket',
    explain: 'One request or answer may have a few MiB. The message was refused, nothing of it was carried out.',
    next: 'send less at once, for example fewer jobs per request',
  },
  E_CONTROL_TIMEOUT: {
    title: 'the runner does not answer',
    explain:
      'A process listens on the control socket but did not answer in time: it may be stopped or swamped, or the request takes long. ' +
      'A request that was sent may still be carried out.',
    next: 'look at the runner (walq queue status), or end it and try again',
  },
  E_CONTROL_STALLED: {
    title: 'a connection to the runner stood still for too long',
    explain: 'Half a message, or answers that nobody fetched, kept a connection busy. The runner dropped it.',
    next: 'send whole messages and read the answers',
  },
  E_CONTROL_CLOSING: {
    title: 'the runner is stopping',
    explain: 'The runner stopped while this request waited. What it had already acknowledged is on disk.',
    next: 'run the command again',
  },
  E_CONTROL_BUSY: {
    title: 'too many connections to the runner',
    explain: 'The runner serves a bounded number of connections at a time and refused this one.',
    next: 'run the command again',
  },
  E_CONTROL_INTERNAL: {
    title: 'the runner failed on a request',
    explain:
      'A bug in walq: the runner met an error it did not expect while it carried out the request. The runner goes on.',
    next: 'report it, with the output of the runner',
  },
  E_CONTROL_IO: {
    title: 'the runner met an I/O error on a request',
    explain: 'A call to the operating system failed in the runner. Whether the request took effect is not known.',
    next: 'look at the output of the runner; run the command again once the disk is in order',
  },
  E_CONNECTION_LOST: {
    title: 'the connection to the runner broke before the answer',
    explain:
      'The request may or may not have been carried out. Commands ask again with the same ids, so that nothing happens twice; ' +
      'this error is shown when that was not possible.',
    next: 'run the command again with the same ids',
  },
  E_ORPHAN_SCAN: {
    title: 'left-over processes could not be looked for',
    explain:
      'After a runner died, its children may still work on jobs. They must be found and ended before those jobs are given out again, ' +
      'and listing the processes of this machine failed.',
    next: 'check that /proc is mounted and readable, or that ps works',
  },
  E_ORPHANS_ALIVE: {
    title: 'left-over processes do not end',
    explain:
      'Children of a dead runner still live after SIGTERM and SIGKILL. Their jobs were not given out again: ' +
      'no job runs twice at the same time.',
    next: 'look at the processes named, for example: ps -o pid,stat,wchan,args -p PID',
  },
};
