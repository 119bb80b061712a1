/**
 * The same promise; while it is pending the process does not end by itself. What it waits for may come from elsewhere,
 * through the socket, which alone keeps nobody alive.
 */
export async function keepingAlive<T>(promise: Promise<T>): Promise<T> {
  // Days: a timer takes 31 bits of milliseconds at the most.
  const alive = setInterval(() => undefined, 2 ** 30);
  try {
    return await promise;
  } finally {
    clearInterval(alive);
  }
}
