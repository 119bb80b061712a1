import { row as append64 } from './rows/append-64.js';
import { row as diskLife } from './rows/disk-life.js';
import { row as drain64 } from './rows/drain-64.js';
import { row as drainExec } from './rows/drain-exec.js';
import { row as drainLease } from './rows/drain-lease.js';
import { row as drainStream } from './rows/drain-stream.js';
import { row as drainStreamSeveral } from './rows/drain-stream-several.js';
import { row as enqueue1 } from './rows/enqueue-1.js';
import { row as enqueue64 } from './rows/enqueue-64.js';
import { row as enqueue100 } from './rows/enqueue-100.js';
import { row as enqueue1024 } from './rows/enqueue-1024.js';
import { row as enqueueBulk } from './rows/enqueue-bulk.js';
import { row as growthAck } from './rows/growth-ack.js';
import { row as growthDispatch } from './rows/growth-dispatch.js';
import { row as growthEnqueue } from './rows/growth-enqueue.js';
import { row as growthRecovery } from './rows/growth-recovery.js';
import { row as growthReplay } from './rows/growth-replay.js';
import { row as growthSnapshot } from './rows/growth-snapshot.js';
import { row as growthVerify } from './rows/growth-verify.js';
import { row as memoryEnqueue } from './rows/memory-enqueue.js';
import { row as memoryMillion } from './rows/memory-million.js';
import { row as memorySnapshot } from './rows/memory-snapshot.js';
import { row as peersDrain } from './rows/peers-drain.js';
import { row as peersEnqueue1 } from './rows/peers-enqueue-1.js';
import { row as peersEnqueue64 } from './rows/peers-enqueue-64.js';
import { row as peersEnqueue1024 } from './rows/peers-enqueue-1024.js';
import { row as recovery } from './rows/recovery.js';
import { row as recoveryActive } from './rows/recovery-active.js';
import { row as recoveryMillion } from './rows/recovery-million.js';
import { row as replay } from './rows/replay.js';
import { row as snapshotLoad } from './rows/snapshot-load.js';
import { row as snapshotMillion } from './rows/snapshot-million.js';
import { row as snapshotRatio } from './rows/snapshot-ratio.js';
import { row as snapshotWrite } from './rows/snapshot-write.js';
import { row as startEnqueue } from './rows/start-enqueue.js';
import { row as startEnqueue1000 } from './rows/start-enqueue-1000.js';
import { row as startEnqueueRunner } from './rows/start-enqueue-runner.js';
import { row as startVersion } from './rows/start-version.js';
import { row as verify } from './rows/verify.js';
import { row as verifyMemory } from './rows/verify-memory.js';

const logRows = [verify, verifyMemory];
const millionRows = [recoveryMillion, memoryMillion, memorySnapshot, memoryEnqueue];
const commitRows = [append64, enqueue64, enqueue1024, enqueue1, enqueue100, enqueueBulk];
const drainRows = [drain64, drainLease, drainExec, drainStream, drainStreamSeveral];
const snapshotRows = [snapshotWrite, snapshotMillion, snapshotRatio, snapshotLoad];
const startRows = [startVersion, startEnqueue, startEnqueue1000, startEnqueueRunner];
const growthRows = [
  growthVerify,
  growthReplay,
  growthSnapshot,
  growthEnqueue,
  growthDispatch,
  growthAck,
  growthRecovery,
];
const peerRows = [peersEnqueue1, peersEnqueue64, peersEnqueue1024, peersDrain];

/** In the order in which they run and stand in the table. */
export const rows = [
  ...logRows,
  replay,
  ...commitRows,
  ...drainRows,
  diskLife,
  ...snapshotRows,
  recovery,
  recoveryActive,
  ...millionRows,
  ...startRows,
  ...growthRows,
  ...peerRows,
];

/** These share large stores, which they only read; what others make goes away with them. */
export const sharingRows = [...logRows, growthVerify, ...millionRows];
