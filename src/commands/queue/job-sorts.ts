export const jobSorts = ['created', 'priority', 'due', 'changed'] as const;
export type JobSort = (typeof jobSorts)[number];
