/**
 * Mutants of what writes snapshots, and of what is removed on their word.
 *
 * @type {import('./mutants.js').Mutant[]}
 */
export const snapshotMutants = [
  {
    name: 'what others wrote is cleaned on',
    property: 'nothing is removed on the word of a snapshot that this opening has not made sure of',
    file: 'src/storage/checkpointer.ts',
    edits: [['if (newest !== undefined && removes) await this.#persist(newest.file);', '']],
    tests: ['test/storage/crash/inherited-snapshot.test.ts'],
  },
  {
    name: 'a snapshot is called unchanged, and not looked after',
    property: 'a checkpoint that resolves says that its snapshot is on disk',
    file: 'src/storage/checkpointer.ts',
    edits: [['      await this.#persist(snapshot.file);\n', '']],
    tests: ['test/storage/crash/inherited-snapshot.test.ts'],
  },
  {
    name: 'a store that stands where one was is cleaned',
    property: 'a writer creates and removes nothing where its own log is no longer',
    file: 'src/storage/log-writer.ts',
    edits: [['if (here === undefined || here.ino !== own.ino || here.dev !== own.dev) ', 'if (here === undefined) ']],
    tests: ['test/storage/crash/moved.test.ts'],
  },
  {
    name: 'a removal is not asked for',
    property: 'a writer removes nothing where its own log is no longer',
    file: 'src/storage/retention.ts',
    edits: [['    await mayRemove();\n', '']],
    tests: ['test/storage/crash/moved.test.ts'],
    only: 'pruning',
  },
  {
    name: 'a compaction cleans on the word of a snapshot that came meanwhile',
    property: 'the snapshot that was proved stays',
    file: 'src/storage/retention.ts',
    edits: [['if (seq === ahead?.snapshotSeq || seq > seqMax) continue;', 'if (seq === ahead?.snapshotSeq) continue;']],
    tests: ['test/storage/damage/compact.test.ts'],
  },
  {
    name: 'a snapshot is called unchanged, and not looked for',
    property: 'a checkpoint that resolves says that its snapshot is there',
    file: 'src/storage/checkpointer.ts',
    edits: [[' && (await this.#isWhole(before));', ';']],
    tests: ['test/storage/crash/inherited-snapshot.test.ts'],
  },
  {
    name: 'any file before a gap is left over',
    property: 'what is removed as left over proves to be of this store',
    file: 'src/storage/folder.ts',
    edits: [['    if (!(await allOf(covered, isOurs))) continue;\n', '']],
    tests: ['test/storage/strays.test.ts'],
    only: 'before a gap',
  },
  {
    name: 'a second look goes by names that do not rise',
    property: 'a finding that was not looked for again is still there',
    file: 'src/storage/read.ts',
    edits: [['return rises ? live.filter', 'return live !== undefined ? live.filter']],
    tests: ['test/storage/strays.test.ts'],
    only: 'doubled or renamed',
  },
  {
    name: 'a snapshot is not synced',
    property: 'a snapshot is on disk before its name',
    file: 'src/storage/snapshot/write.ts',
    edits: [['await this.#writeFooter();\n    await this.#sync();', 'await this.#writeFooter();']],
    tests: ['test/storage/crash/ordering.test.ts'],
  },
  {
    name: 'log goes before the folder of its snapshot is synced',
    property: 'no segment goes before the snapshot that covers it has its name on disk',
    file: 'src/storage/snapshot/write.ts',
    edits: [['() => env.fs.syncDir(folder))', 'async () => undefined)']],
    tests: ['test/storage/crash/ordering.test.ts'],
  },
  {
    name: 'log that the older snapshot needs goes',
    property: 'the log goes back to the oldest snapshot that stays',
    file: 'src/storage/retention.ts',
    edits: [['next.seqFirst - 1 <= oldest.seq;', 'next.seqFirst - 1 <= oldest.seq + 1000;']],
    tests: ['test/storage/crash/fallback.test.ts'],
  },
  {
    name: 'the folder is not synced after each removal',
    property: 'removals of a cleaning survive in their order',
    file: 'src/storage/retention.ts',
    edits: [['await env.fs.syncDir(join(storeDir, parentOf(file)));', '']],
    tests: ['test/storage/crash/cleaning.test.ts'],
    only: 'checkpoints that clean',
  },
  {
    name: 'a snapshot is not read back',
    property: 'a snapshot that reads back damaged gets no name',
    file: 'src/storage/snapshot/write.ts',
    edits: [
      ['if (summary === undefined) {', 'if (summary === undefined && written.sha256 === "") {'],
      ['return summary;\n}', 'return summary ?? ({ file: tmpPath, seq: 0 });\n}'],
      [
        'if (summary.stateHash !== written.stateHash || summary.sha256 !== written.sha256) {',
        'if (summary !== undefined && summary.stateHash === "") {',
      ],
    ],
    tests: ['test/storage/snapshot/faults.test.ts'],
  },
];
