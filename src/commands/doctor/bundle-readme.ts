/** For whoever opens the archive. */
export function bundleReadme(withPayloads: boolean): string {
  return `A bundle of \`walq doctor --bundle\`: what is needed to understand the damage of a store, and no more.

versions.json   what made this: walq, Node, platform
doctor.json     the diagnosis, as \`walq doctor --json\` shows it
verify.json     every fault, as \`walq wal verify --json\` shows it
files.ndjson    names, sizes and times of the files of the store
events.ndjson   events just before and after each fault
bytes.json      which bytes of which file lie in bytes/, with the SHA-256 of the original bytes
bytes/          the bytes of each fault (64 KiB at most) and 4 KiB before and after them
HEAD STORE.json as they are

${
  withPayloads
    ? 'PAYLOADS ARE IN HERE: the bytes are as they are on disk, and events have all their members.'
    : `Payloads are not in here. In bytes/ every byte that is neither 0x00 nor 0xFF is written as 'x', headers of
segments and frames excepted. Events have no payload, result, error text, command, unique key, token of a lease and no
reason in somebody's own words. Ids, names and groups of jobs, and the names of files, are in here.`
}
`;
}
