import { queueGrowth } from '../support/queue-growth.js';

export const row = queueGrowth('dispatch', 'dispatch: time of');
