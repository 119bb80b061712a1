import { connect, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { startTimer } from './timer.ts';

/** Connects to a socket. 'again' when nobody took the connection in that time; rejects with what the system says. */
export function dial(path: string, timeoutMs: number, clock: Clock): Promise<Socket | 'again'> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const timer = startTimer(clock, timeoutMs, () => {
      socket.destroy();
      resolve('again');
    });
    socket.once('error', (error) => {
      timer.cancel();
      reject(error);
    });
    socket.once('connect', () => {
      timer.cancel();
      socket.removeAllListeners('error');
      // Later failures end in 'close'.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
