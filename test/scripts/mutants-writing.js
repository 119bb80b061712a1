/**
 * Mutants of what writes: the commit path, rotation, snapshots, cleaning, the real file system.
 *
 * @type {import('./mutants.js').Mutant[]}
 */
export const writingMutants = [
  {
    name: 'answer before the sync',
    property: 'an answer comes after the sync of its frame',
    file: 'src/storage/log-writer.ts',
    edits: [['const syncMs = await this.#sync();', 'const syncMs = 0;\n    setTimeout(() => void this.#sync());']],
    tests: ['test/storage/crash/ordering.test.ts'],
  },
  {
    name: 'answer before HEAD',
    property: 'HEAD says so before anybody is answered',
    file: 'src/storage/committer.ts',
    edits: [
      [
        'await this.#commit([{ type: FrameType.data, records }]);\n      this.#writer.writeHead();',
        'await this.#commit([{ type: FrameType.data, records }]);\n      setTimeout(() => this.#writer.writeHead());',
      ],
    ],
    tests: ['test/storage/crash/ordering.test.ts'],
  },
  {
    name: 'apply before the sync',
    property: 'a batch that fails changes no state',
    file: 'src/storage/committer.ts',
    edits: [
      [
        'await this.#rotateIfDue(frameBytes(payload));',
        'await this.#rotateIfDue(frameBytes(payload));\n      let seq = this.#writer.seqNext;\n      for (const record of records) this.#machine.apply(record, seq++);',
      ],
      ['    try {\n      for (const record of records) this.#machine.apply(record, seq++);', '    try {'],
    ],
    tests: ['test/storage/crash/no-space.test.ts'],
    only: 'rejects the batch',
  },
  {
    name: 'a failed sync is tried again',
    property: 'after a failed sync nobody believes the next one',
    file: 'src/storage/log-writer.ts',
    edits: [['const syncMs = await this.#sync();', 'const syncMs = await this.#sync().catch(() => this.#sync());']],
    tests: ['test/storage/crash/io-errors.test.ts'],
    only: 'poisons the writer',
  },
  {
    name: 'a poisoned writer writes on',
    property: 'after a failed sync nothing is written any more',
    file: 'src/storage/committer.ts',
    edits: [['if (this.#poison) {\n      work.reject(this.#poison);\n      return;\n    }', '']],
    tests: ['test/storage/crash/io-errors.test.ts'],
    only: 'poisons the writer',
  },
  {
    name: 'a short write is ignored',
    property: 'a short write is written on, without a hole',
    file: 'src/storage/log-writer.ts',
    edits: [['if (done < bytes.length) await writeFully(', 'if (done < 0) await writeFully(']],
    tests: ['test/storage/crash/io-errors.test.ts'],
    only: 'cut short',
  },
  {
    name: 'a rejected batch stays in the file',
    property: 'what a full disk took in part is cut off again',
    file: 'src/storage/log-writer.ts',
    edits: [['await this.#file.truncate(end);', '']],
    tests: ['test/storage/crash/no-space.test.ts'],
    only: 'half way',
  },
  {
    name: 'the cut of a rejected batch is not synced',
    property: 'what was cut off does not come back',
    file: 'src/storage/log-writer.ts',
    edits: [
      ['await this.#file.truncate(end);\n      // Else', 'await this.#file.truncate(end);\n      if (end < 0) // Else'],
    ],
    tests: ['test/storage/crash/no-space.test.ts'],
    only: 'cut off for good',
  },
  {
    name: 'no SEAL',
    property: 'a segment that is left is sealed',
    file: 'src/storage/log-writer.ts',
    edits: [['await this.#write(sealed.bytes);\n      await this.#file.datasync();', '']],
    tests: ['test/storage/crash/power-loss.test.ts'],
    only: 'appends that fill segments',
  },
  {
    name: 'SEAL is not synced',
    property: 'the next segment is used only when SEAL is on disk',
    file: 'src/storage/log-writer.ts',
    edits: [
      ['await this.#write(sealed.bytes);\n      await this.#file.datasync();', 'await this.#write(sealed.bytes);'],
    ],
    tests: ['test/storage/crash/power-loss.test.ts'],
    only: 'appends that fill segments',
  },
  {
    name: 'HEAD is not synced at a rotation',
    property: 'HEAD names a segment for good before it is used',
    file: 'src/storage/log-writer.ts',
    edits: [['await before.close();\n    await this.syncHead();', 'await before.close();\n    this.writeHead();']],
    tests: ['test/storage/crash/ordering.test.ts'],
  },
  {
    name: 'the header of a new segment is not synced',
    property: 'a file is synced before its name is',
    file: 'src/storage/log-writer.ts',
    edits: [['await writeFully(file, bytes, 0);\n    await file.datasync();', 'await writeFully(file, bytes, 0);']],
    tests: ['test/storage/crash/ordering.test.ts'],
  },
  {
    name: 'the folder of a new segment is not synced',
    property: 'a new segment has its name on disk before it is used',
    file: 'src/storage/log-writer.ts',
    edits: [
      [
        'await env.fs.rename(temp, path);\n    await env.fs.syncDir(join(storeDir, walFolder));',
        'await env.fs.rename(temp, path);',
      ],
    ],
    tests: ['test/storage/crash/power-loss.test.ts'],
    only: 'appends that fill segments',
  },
  {
    name: 'a temporary file is not synced',
    property: 'HEAD and STORE.json are whole under their name',
    file: 'src/storage/files.ts',
    edits: [['await writeFully(file, bytes, 0);\n    await file.datasync();', 'await writeFully(file, bytes, 0);']],
    tests: ['test/storage/crash/ordering.test.ts'],
  },
  {
    name: 'the folder of a renamed file is not synced',
    property: 'HEAD and STORE.json keep their name',
    file: 'src/storage/files.ts',
    edits: [['await fs.rename(temp, path);\n  await fs.syncDir(folder);', 'await fs.rename(temp, path);']],
    tests: ['test/storage/crash/create.test.ts'],
    only: 'leaves a store or nothing',
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
