/**
 * Mutants of what mends: salvage, cuts, what is set aside, and whose a file is.
 *
 * @type {import('./mutants.js').Mutant[]}
 */
export const repairMutants = [
  {
    name: 'a salvaged store keeps a name that may not be on disk',
    property: 'what failed leaves nothing under the name that was asked for',
    file: 'src/commands/import-place.ts',
    edits: [['for (const { from, to } of named.toReversed()) {', 'for (const { from, to } of []) {']],
    tests: ['test/storage/repair/salvage-errors.test.ts'],
    only: 'EIO',
  },
  {
    name: 'a segment that came back counts beside the one in its place',
    property: 'what an interrupted rotation left is left over, whenever it shows up',
    file: 'src/storage/folder.ts',
    edits: [['if (isUnused && (await anyOf(others, isWritten))) unused.push(segment);\n    else ', '']],
    tests: ['test/storage/strays.test.ts'],
    only: 'an unused segment',
  },
  {
    name: 'a name alone makes segments left over',
    property: 'a stray file takes nothing of the log away',
    file: 'src/storage/folder.ts',
    edits: [
      [
        'return header?.storeId === storeId && header.ordinal === ordinal && header.seqFirst === seqFirst;',
        'return header?.storeId !== "" || ordinal + seqFirst > 0;',
      ],
    ],
    tests: ['test/storage/strays.test.ts'],
  },
  {
    name: 'HEAD alone accuses STORE.json',
    property: 'the one that stands alone is the odd one out',
    file: 'src/storage/whose-store.ts',
    edits: [['!owners.every(({ storeId }) => storeId === idInHead)', 'owners.length === 0']],
    tests: ['test/storage/strays.test.ts'],
  },
  {
    name: 'left-over segments are not salvaged',
    property: 'salvage takes over every sound segment of the store',
    file: 'src/storage/salvage-survey.ts',
    edits: [['const segments = [...survey.leftover, ...survey.live];', 'const segments = survey.live;']],
    tests: ['test/storage/strays.test.ts'],
  },
  {
    name: 'HEAD does not tell two histories of one store apart',
    property: 'segments of a copy that went its own way are not taken for ours',
    file: 'src/storage/wal/forked.ts',
    edits: [['new Set(rows.filter(isForked).flatMap(({ segments }) => segments))', 'new Set()']],
    tests: ['test/storage/repair/forked-segment.test.ts'],
  },
  {
    name: 'a snapshot of a copy is a base',
    property: 'a snapshot that stands in a segment of a copy is of that copy',
    file: 'src/storage/snapshot-place.ts',
    edits: [['|| (segment?.pointsPassed.get(point) && !isApart)', '|| segment?.pointsPassed.get(point)']],
    tests: ['test/storage/repair/forked-segment.test.ts'],
  },
  {
    name: 'a snapshot on a pieced header is a misfit',
    property: 'salvage keeps every good snapshot that fits the log',
    file: 'src/storage/wal/scan-segment.ts',
    edits: [['      this.#link = header.link;\n      this.#passGood();', '']],
    tests: ['test/storage/wal/pieced.test.ts'],
    only: 'first frame tells',
  },
  {
    name: 'going back without a base',
    property: 'a cut leaves a store of which the state can be known',
    file: 'src/storage/restore-in-place.ts',
    edits: [
      [
        '    ...noBaseUpTo(survey, report, cut ?? point),\n',
        '    ...noBaseUpTo(survey, report, cut ?? point).slice(1),\n',
      ],
    ],
    tests: ['test/storage/strays.test.ts'],
  },
  {
    name: 'second names before the journal',
    property: 'evidence shares no bytes with a live file',
    file: 'src/storage/restore-in-place.ts',
    edits: [
      [
        '    journal.actions.push({ ...action, ...quarantine });\n',
        '    journal.actions.push({ ...action, ...quarantine });\n    if (quarantine.quarantine) await quarantineFile(env, storeDir, action.file, quarantine.quarantine);\n',
      ],
      ['    if (name !== undefined) await quarantineFile(env, storeDir, action.file, name);\n', ''],
    ],
    tests: ['test/storage/repair/traces.test.ts'],
  },
  {
    name: 'what cannot have a second name is not set aside',
    property: 'a cut works where there are no hard links',
    file: 'src/fs/link-or-copy.ts',
    edits: [['await copy(fs, from, to);', 'throw error;']],
    tests: ['test/storage/restore/cut.test.ts'],
    only: 'without hard links',
  },
  {
    name: 'displaced frames are put anywhere',
    property: 'a frame counts where it was written, among those that it was written with',
    file: 'src/storage/wal/displaced.ts',
    edits: [
      [
        'if (row.from === row.to || row.back !== back || !fits(row, placed)) continue;',
        'if (row.from === row.to || row.back !== back) continue;',
      ],
    ],
    tests: ['test/storage/repair/displaced.test.ts'],
    only: 'a copy',
  },
];
