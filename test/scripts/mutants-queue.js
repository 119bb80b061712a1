/**
 * Mutants of the queue: what keeps two valid operations from making a log that cannot be applied, and the rules of
 * retry, lease and death.
 *
 * @type {import('./mutants.js').Mutant[]}
 */
export const queueMutants = [
  {
    name: 'a runner does not say that its handlers are elsewhere',
    property: 'handlers outside of the thread share commits',
    file: 'src/queue/run/serve.ts',
    edits: [['store.askedFromOutside = handler.elsewhere;', '']],
    tests: ['test/queue/run/shared-commits.test.ts'],
  },
  {
    name: 'no reservation',
    property: 'of two operations on one job the second sees the first',
    file: 'src/queue/ops/reservations.ts',
    edits: [['if (hold.ahead > 0) {', 'if (hold.ahead < 0) {']],
    tests: ['test/queue/reservations.test.ts'],
  },
  {
    name: 'a plan is not asked again',
    property: 'an operation holds what it touches, whatever changed while it waited',
    file: 'src/queue/ops/reservations.ts',
    edits: [['for (const key of now) if (!keys.has(key)) return { keys: now };', '']],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'every event is taken as it was written',
    property: 'an event that may read back as another one, or hold what others hold, is read back',
    file: 'src/queue/ops/known.ts',
    edits: [['return false;\n  }\n}', 'return true;\n  }\n}']],
    tests: ['test/queue/ops/known.test.ts'],
    only: 'is none with',
  },
  {
    name: 'requeue on every open',
    property: 'opening a store changes no job',
    file: 'src/queue/run/open-engine.ts',
    edits: [
      [
        'const logs = new LogCleaner(fs, store.dir, () => store.mustBeInPlace());',
        'await engine.reclaim();\n  const logs = new LogCleaner(fs, store.dir, () => store.mustBeInPlace());',
      ],
    ],
    tests: ['test/queue/api/queue.test.ts'],
  },
  {
    name: 'jobs of a live runner are abandoned',
    property: 'only what a dead runner had is taken back',
    file: 'src/queue/ops/fail.ts',
    edits: [["(owner.kind === 'runner' && owner.epoch !== own)", "owner.kind === 'runner'"]],
    tests: ['test/queue/engine-care.test.ts'],
  },
  {
    name: 'leased jobs are abandoned',
    property: 'a lease is untouched until its deadline',
    file: 'src/queue/ops/fail.ts',
    edits: [["owner.kind === 'unknown' ||", "owner.kind === 'unknown' || owner.kind === 'lease' ||"]],
    tests: ['test/queue/engine-care.test.ts'],
  },
  {
    name: 'retry of all: what waits for the dead lives',
    property: 'who waits for a job that stays dead stays so too, as it is when the frame is made',
    file: 'src/queue/ops/redrive.ts',
    edits: [
      [
        'if (this.deadParent(job) !== undefined || this.takerOfKey(job) !== undefined) return;',
        'if (this.takerOfKey(job) !== undefined) return;',
      ],
    ],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'retry of all: a key for two',
    property: 'of several dead jobs with one unique key one lives again, and none while another has it',
    file: 'src/queue/ops/redrive.ts',
    edits: [['return unfinished ?? this.#byKey.get(key);', 'return unfinished;']],
    tests: ['test/queue/ops/bulk.test.ts', 'test/queue/ops/keys.test.ts'],
  },
  {
    name: 'removal of all: parents go without their children',
    property: 'a job that others wait for is kept',
    file: 'src/queue/ops/bulk.ts',
    edits: [
      [
        'if (fits && engine.machine.family.childrenOf(id).every((child) => going.has(child))) going.add(id);',
        'if (fits) going.add(id);',
      ],
    ],
    tests: ['test/queue/ops/bulk.test.ts'],
  },
  {
    name: 'removal of all: jobs at work go',
    property: 'a job at work is never removed',
    file: 'src/queue/ops/bulk.ts',
    edits: [["job.state !== 'in_flight' && states.has", 'states.has']],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'removal of all: states are not looked at again',
    property: 'a job that changed while the frame waited is left as it is',
    file: 'src/queue/ops/bulk.ts',
    edits: [["job.state !== 'in_flight' && states.has(job.state)", "job.state !== 'in_flight'"]],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'one crash more',
    property: 'the crashesMax-th crash is the last',
    file: 'src/queue/ops/policy.ts',
    edits: [['job.crashes + 1 >= crashesMax', 'job.crashes >= crashesMax']],
    tests: ['test/queue/ops/policy.test.ts'],
  },
  {
    name: 'one crash less',
    property: 'crashesMax crashes are allowed, not one less',
    file: 'src/queue/ops/policy.ts',
    edits: [['job.crashes + 1 >= crashesMax', 'job.crashes + 2 >= crashesMax']],
    tests: ['test/queue/ops/policy.test.ts'],
  },
  {
    name: 'one attempt more',
    property: 'the maxAttempts-th attempt is the last',
    file: 'src/queue/ops/policy.ts',
    edits: [['job.attempt >= job.options.maxAttempts', 'job.attempt > job.options.maxAttempts']],
    tests: ['test/queue/ops/policy.test.ts'],
  },
  {
    name: 'one attempt less',
    property: 'all maxAttempts attempts are made',
    file: 'src/queue/ops/policy.ts',
    edits: [['job.attempt >= job.options.maxAttempts', 'job.attempt + 1 >= job.options.maxAttempts']],
    tests: ['test/queue/ops/policy.test.ts'],
  },
  {
    name: 'a crash costs an attempt',
    property: 'a crash of the runner gives the attempt back',
    file: 'src/queue/ops/policy.ts',
    edits: [["reason: 'crash', refund: true", "reason: 'crash', refund: false"]],
    tests: ['test/queue/ops/policy.test.ts'],
  },
  {
    name: 'a failure holds no descendants',
    property: 'a job does not die beside a change to one that waits for it',
    file: 'src/queue/ops/fail.ts',
    edits: [
      [
        '() => withDescendants(engine, [ref.id]),\n    async () => {\n      const job = current(engine.machine.get(ref.id), ref);',
        '() => [ref.id],\n    async () => {\n      const job = current(engine.machine.get(ref.id), ref);',
      ],
    ],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'a lease that ends holds no descendants',
    property: 'the end of a lease is no surprise for those that wait',
    file: 'src/queue/ops/fail.ts',
    edits: [
      [
        '() => withDescendants(engine, [ref.id]),\n    async () => {\n      const job = attemptOf(',
        '() => [ref.id],\n    async () => {\n      const job = attemptOf(',
      ],
    ],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'taking back holds no descendants',
    property: 'a crash too many is no surprise for those that wait',
    file: 'src/queue/ops/fail.ts',
    edits: [['() => withDescendants(engine, ids),', '() => ids,']],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'a lease ends before its deadline',
    property: 'a lease extended at the last moment goes on',
    file: 'src/queue/ops/fail.ts',
    edits: [
      [
        "if (job?.owner.kind !== 'lease' || job.owner.deadlineMs > at) return false;",
        "if (job?.owner.kind !== 'lease') return false;",
      ],
    ],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'taking back looks once',
    property: 'a job that changed while its frame waited is not taken back',
    file: 'src/queue/ops/fail.ts',
    edits: [
      ['const still = jobs.flatMap((job) => attemptOf(engine.machine.get(job.id), job) ?? []);', 'const still = jobs;'],
    ],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'dispatch looks once',
    property: 'a job that changed while its frame waited is not begun',
    file: 'src/queue/ops/dispatch.ts',
    edits: [['!full && engine.machine.get(job.id) === job;', '!full;']],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'expiry looks once',
    property: 'a job that was begun in time does not expire',
    file: 'src/queue/ops/sweep.ts',
    edits: [
      ["return job?.state === 'pending' && (job.special?.expiresAt ?? at + 1) <= at;", 'return job !== undefined;'],
    ],
    tests: ['test/queue/ops/together.test.ts'],
  },
  {
    name: 'a verdict is lost on a full disk',
    property: 'what a handler has done is kept until there is room',
    file: 'src/queue/ops/commits.ts',
    edits: [['if (this.#mayRetry(failure)) return this.#persist(packEvents(events), hooks);', '']],
    tests: ['test/queue/engine-verdicts.test.ts'],
  },
  {
    name: 'dispatch while a verdict waits for room',
    property: 'no further handler starts while an outcome waits for room',
    file: 'src/queue/ops/dispatch.ts',
    edits: [
      ['if (engine.commits.stalled > 0) return', 'if (engine.commits.stalled < 0) return'],
      ['const full = engine.commits.stalled > 0;', 'const full = engine.commits.stalled < 0;'],
    ],
    tests: ['test/queue/engine-verdicts.test.ts'],
  },
  {
    name: 'TIMEOUT without its verdict',
    property: 'a timeout and what follows from it are one frame',
    file: 'src/queue/ops/fail.ts',
    edits: [
      [
        'const events = before === undefined ? [event] : [before, event];',
        'if (before !== undefined) await engine.commits.appendOutcome([before]);\n      const events = [event];',
      ],
    ],
    tests: ['test/queue/engine-verdicts.test.ts'],
  },
  {
    name: 'a folder of somebody else in the temp folder is trusted',
    property: 'a request goes to nobody but the runner of this user',
    file: 'src/fs/run-folder.ts',
    edits: [['if (canSee(other.place) && isOurs(folder)) yield other;', 'if (canSee(other.place)) yield other;']],
    tests: ['test/queue/process/socket-place.test.ts'],
    only: 'hinders no client',
  },
  {
    name: 'a mode that did not change is believed',
    property: 'nobody listens in a folder that others may enter',
    file: 'src/fs/run-folder.ts',
    edits: [['return !isWide(fs.fstatSync(fd).mode);', 'return true;']],
    tests: ['test/queue/process/socket-place.test.ts'],
    only: 'in a folder of its own',
  },
  {
    name: 'a run folder that is gone is not noticed',
    property: 'a runner can be found again, whatever is tidied away under it',
    file: 'src/queue/process/socket-listener.ts',
    edits: [[' && isSame(folder, seen.folder);', ';']],
    tests: ['test/queue/process/socket-place.test.ts'],
    only: 'it comes back',
  },
];
