import { connect, type Socket } from 'node:net';

/** Connects to a socket. 'again' when nobody took the connection in that time; rejects with what the system says. */
export function dial(path: string, timeoutMs: number): Promise<Socket | 'again'> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve('again');
    }, timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      // Later failures end in 'close'.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
