import type { CodeCatalogue } from '../../base/errors.ts';

/** Codes of child processes and of the control socket. */
export const processCodes = {
  E_CONTROL_BIND: {
    title: 'the control socket could not be opened',
    explain:
      'The runner could not listen on run/sock in its store, nor in a folder of its own in /tmp, so other commands could not have reached it. The jobs are untouched.',
    next: 'Check the permissions of STORE/run, and that files can be made in /tmp.',
  },
  E_CONTROL_STORE: {
    title: 'the process on the control socket serves another store',
    explain:
      'Each side first says which store it means, and the two did not agree. The connection was closed before any request.',
    next: 'Check --store, and restart the runner if its store folder was moved or replaced.',
  },
  E_CONTROL_VERSION: {
    title: 'the runner speaks another version of the control protocol',
    explain: 'The command and the running queue come from different versions of walq. Nothing was sent.',
    next: 'Restart the runner with the same version of walq.',
  },
  E_CONTROL_PROTOCOL: {
    title: 'the other side of the control socket broke the protocol',
    explain:
      'A message was not valid UTF-8 or JSON, had the wrong shape, or came at the wrong time. Only this connection was closed.',
    next: 'Follow the protocol of docs/socket.md: one JSON object per line.',
  },
  E_CONTROL_TOO_LARGE: {
    title: 'a message is too large for the control socket',
    explain: 'A request or an answer may have a few MiB. The message was refused, and nothing of it was carried out.',
    next: 'Send less at once, for example fewer jobs per request.',
  },
  E_CONTROL_TIMEOUT: {
    title: 'the runner does not answer',
    explain:
      'A process listens on the control socket but did not answer in time: it may be stopped or overloaded, or the request takes long. A request that was sent may still be carried out.',
    next: 'Look at the runner (walq queue status), or end it and try again.',
  },
  E_CONTROL_STALLED: {
    title: 'a connection to the runner stood still for too long',
    explain: 'Half a message, or answers that nobody read, kept a connection busy. The runner dropped it.',
    next: 'Send whole messages, and read the answers.',
  },
  E_CONTROL_CLOSING: {
    title: 'the runner is stopping',
    explain:
      'The runner stopped, and did not carry out this request. What it had already acknowledged is on disk. Commands ask again, the next runner or under the lock.',
    next: 'Run the command again.',
  },
  E_CONTROL_BUSY: {
    title: 'too many connections to the runner',
    explain:
      'The runner serves a limited number of connections at a time and refused this one. Nothing was carried out.',
    next: 'Run the command again.',
  },
  E_CONTROL_INTERNAL: {
    title: 'the runner failed on a request',
    explain:
      'This is a bug in walq: the runner met an error it did not expect while carrying out the request. The runner goes on.',
    next: 'Report it, with the output of the runner.',
  },
  E_CONTROL_IO: {
    title: 'the runner met an I/O error on a request',
    explain: 'A call to the operating system failed in the runner. The request may or may not have taken effect.',
    next: 'Look at the output of the runner; run the command again once the disk is in order.',
  },
  E_CONNECTION_LOST: {
    title: 'the connection to the runner broke before the answer',
    explain:
      'The request may or may not have been carried out. Commands ask again with the same ids, so that nothing happens twice; you see this error when that was not possible.',
    next: 'Run the command again with the same ids.',
  },
  E_ORPHAN_SCAN: {
    title: 'left-over processes could not be searched for',
    explain:
      'The children of a dead runner may still be working on jobs. They must be found and ended before those jobs run again, and listing the processes of this machine failed.',
    next: 'Check that /proc is mounted and readable, or that ps works.',
  },
  E_ORPHANS_ALIVE: {
    title: 'left-over processes do not end',
    explain:
      'Children of a dead runner survived SIGTERM and SIGKILL. Their jobs were not given out again, so that no job runs twice at the same time.',
    next: 'Look at the processes named, for example: ps -o pid,stat,wchan,args -p PID',
  },
} satisfies CodeCatalogue;
