/**
 * What consumers and runners take, and what they let go of.
 *
 * @type {import('./mutants.js').Mutant[]}
 */
export const takingMutants = [
  {
    name: 'consumers that take sweep nothing',
    property: 'a lease ends for those who take, also without a runner',
    file: 'src/queue/run/taker.ts',
    edits: [['sweeping === undefined ?', 'sweeping !== null ?']],
    tests: ['test/queue/run/taker.test.ts'],
    only: 'made due',
  },
  {
    name: 'a snapshot follows the other',
    property: 'at full load most of the time goes into jobs, whatever the size of the state',
    file: 'src/queue/run/checkpoints.ts',
    edits: [['if (beganAt < this.#restUntil) return;', '']],
    tests: ['test/queue/run/checkpoints.test.ts'],
  },
  {
    name: 'a dead job called back still counts as finished',
    property: 'retention forgets finished jobs and no others',
    file: 'src/queue/state/machine.ts',
    edits: [['else this.#ended?.forget(job);', '']],
    tests: ['test/queue/ops/retention.test.ts', 'test/queue/engine-care.test.ts', 'test/queue/ops/sweep.test.ts'],
  },
  {
    name: 'retention begins anew with each portion',
    property: 'finished jobs that hold a key hold up none behind them',
    file: 'src/queue/ops/retention.ts',
    edits: [['    pass.seq = seq;\n', '']],
    tests: ['test/queue/ops/retention.test.ts'],
  },
  {
    name: 'retention looks at all that is too young',
    property: 'a queue at rest with a million finished jobs is at rest',
    file: 'src/queue/ops/retention.ts',
    edits: [['last || young', 'last']],
    tests: ['test/queue/ops/retention.test.ts'],
  },
  {
    name: 'an ACK that waits for room lets go of its job',
    property: 'what a handler has done stands, whoever wants to end the job while the disk is full',
    file: 'src/queue/ops/ack.ts',
    edits: [['failed(): void {}', 'failed(): void {\n    this.givenUp();\n  }']],
    tests: ['test/queue/engine-verdicts.test.ts'],
  },
  {
    name: 'what nobody has seen is not due',
    property: 'a schedule makes up for what it missed when somebody begins to work',
    file: 'src/queue/ops/sweeps.ts',
    edits: [['#sweptAt = 0;', '#sweptAt = Number.MAX_SAFE_INTEGER;']],
    tests: ['test/queue/ops/sweeps.test.ts'],
  },
  {
    name: 'a lease moves no sweep',
    property: 'a lease ends when its time is up',
    file: 'src/queue/ops/sweeps.ts',
    edits: [['Math.min(this.#nextAt, event.owner.deadlineMs)', 'this.#nextAt']],
    tests: ['test/queue/ops/sweeps.test.ts'],
  },
  {
    name: 'a verdict that is given up keeps its job',
    property: 'who gives up an ACK lets go of the job',
    file: 'src/queue/ops/commits.ts',
    edits: [['outcome.givenUp();', '']],
    tests: ['test/queue/engine-verdicts.test.ts'],
  },
  {
    name: 'a sweep that made a part has seen all',
    property: 'of many slots that were missed all are made up for',
    file: 'src/queue/ops/sweeps.ts',
    edits: [['if (answer.scheduled === 0) ', '']],
    tests: ['test/queue/ops/sweeps.test.ts'],
  },
  {
    name: 'an ACK lets go of its job twice',
    property: 'nobody gets a job that somebody else holds',
    file: 'src/queue/ops/ack.ts',
    edits: [['if (this.#holds) ', '']],
    tests: ['test/queue/engine-verdicts.test.ts'],
  },
  {
    name: 'a look that failed calls nobody',
    property: 'no consumer sleeps on beside a job that another could not get',
    file: 'src/queue/run/taker.ts',
    edits: [['if (this.#line.isUsed) taking.catch(() => this.#line.callLater());', '']],
    tests: ['test/queue/run/taker.test.ts'],
  },
  {
    name: 'what is overdue is looked for all the time',
    property: 'a full disk makes nobody busy',
    file: 'src/queue/run/take-line.ts',
    edits: [['isOverdue ? lookAgainMs : ', '']],
    tests: ['test/queue/run/taker.test.ts'],
  },
  {
    name: 'a dispatch that never got to the log keeps its job',
    property: 'whatever goes wrong, a job is there for the next one',
    file: 'src/queue/ops/dispatch.ts',
    edits: [['this.failed();', '']],
    tests: ['test/queue/run/taker.test.ts'],
    only: 'leaves the job where it was',
  },
];
