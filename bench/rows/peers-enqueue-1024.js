import { enqueueBesides, rawTitle } from '../support/peer-row.js';

export const row = {
  name: 'peers-enqueue-1024',
  title: 'durable enqueue, 1,024 in flight',
  unit: 'jobs/s',
  ceilingTitle: rawTitle,
  targets: [{ of: 'beanstalkd', min: 10 }],
  sizes: { full: { jobs: 61_440 }, quick: { jobs: 4096 } },
  run: (context) => enqueueBesides(context, 1024),
};
