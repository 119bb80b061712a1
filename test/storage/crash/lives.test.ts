import { expect, test } from 'vitest';
import { Lives } from './lives.ts';
import { emptyStore } from './workloads.ts';

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'through twelve lives with failing calls, kills and power losses nothing acknowledged is lost, seed %i',
  async (seed) => {
    const lives = new Lives(await emptyStore(), seed);
    try {
      await lives.live(12);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n  ${lives.story.join('\n  ')}`, {
        cause: error,
      });
    }
    expect(lives.story.filter((line) => line.startsWith('life ') && line.includes('recovers')).length).toBeGreaterThan(
      6,
    );
  },
);
