/** Takes each step in turn, whatever became of those before it. Rejects with the first failure. */
export async function closeAll(...steps: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Does the work, then takes each of the steps, whatever came before. Rejects with the first failure. */
export async function thenClose<T>(work: () => Promise<T>, ...steps: readonly (() => unknown)[]): Promise<T> {
  const [outcome] = await Promise.allSettled([work()]);
  const closing = closeAll(...steps);
  if (outcome.status === 'fulfilled') {
    await closing;
    return outcome.value;
  }
  await closing.catch(() => undefined);
  throw outcome.reason;
}
