import { walqWorker } from '../peers/walq.js';
import { drainBesides, rawTitle } from '../support/peer-row.js';

export const row = {
  name: 'peers-drain',
  title: 'drain (take + ack), 64 slots',
  unit: 'jobs/s',
  ceilingTitle: rawTitle,
  sizes: { full: { jobs: 19_200 }, quick: { jobs: 1280 } },
  run: (context) => drainBesides(context, 64, [walqWorker]),
};
