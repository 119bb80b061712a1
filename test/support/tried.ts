import type { TestContext } from 'vitest';
import type { Fault } from './fault-table.ts';

/** Cases by outcome: `{ opens: 812, torn: 40 }`. */
export type Outcomes = Readonly<Record<string, number>>;

declare module 'vitest' {
  interface TaskMeta {
    tried?: { readonly fault: Fault; readonly outcomes: Outcomes }[];
  }
}

/** Says how many cases of a fault this test tried, by what came of them. The numbers are counted, never typed. */
export function tried({ task }: TestContext, fault: Fault, outcomes: Outcomes): void {
  task.meta.tried = [...(task.meta.tried ?? []), { fault, outcomes }];
}
