import { defineConfig } from 'vitest/config';

/** Tests that start no process and change nothing of their own one: they can follow each other in it. */
const inMemory = [
  'test/base/**/*.test.ts',
  'test/commands/**/*.test.ts',
  'test/formats/**/*.test.ts',
  'test/queue/*.test.ts',
  'test/queue/{model,ops}/**/*.test.ts',
  'test/storage/**/*.test.ts',
];

export default defineConfig({
  test: {
    // Only for what hangs: on a busy machine a test that starts a hundred processes takes its minutes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      // A process for each file takes longer than many of these files do.
      { extends: true, test: { name: 'in memory', include: inMemory, isolate: false } },
      { extends: true, test: { name: 'processes', include: ['test/**/*.test.ts'], exclude: inMemory } },
    ],
  },
});
