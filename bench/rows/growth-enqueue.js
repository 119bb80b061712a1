import { queueGrowth } from '../support/queue-growth.js';

export const row = queueGrowth('enqueue', 'enqueue: time of');
