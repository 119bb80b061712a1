import { enqueueBesides, rawTitle } from '../support/peer-row.js';

export const row = {
  name: 'peers-enqueue-1',
  title: 'durable enqueue, one after the other',
  unit: 'jobs/s',
  ceilingTitle: rawTitle,
  sizes: { full: { jobs: 2000 }, quick: { jobs: 60 } },
  run: (context) => enqueueBesides(context, 1),
};
