import { enqueueBesides, rawTitle } from '../support/peer-row.js';

export const row = {
  name: 'peers-enqueue-64',
  title: 'durable enqueue, 64 in flight',
  unit: 'jobs/s',
  ceilingTitle: rawTitle,
  targets: [{ of: 'beanstalkd', min: 10 }],
  sizes: { full: { jobs: 19_200 }, quick: { jobs: 1280 } },
  run: (context) => enqueueBesides(context, 64),
};
