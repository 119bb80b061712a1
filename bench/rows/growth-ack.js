import { queueGrowth } from '../support/queue-growth.js';

export const row = queueGrowth('ack', 'ack: time of');
