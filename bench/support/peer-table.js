import { number, tableOf } from './text.js';

/** Rows that were measured beside peers: one line per peer, one column per row. */
export function peerTable(results, targetCell, hourTitle, hourText) {
  const names = [...new Set(results.flatMap(({ peers, skipped }) => [...Object.keys(peers), ...Object.keys(skipped)]))];
  const about = (name) => results.map(({ peers }) => peers[name]).find((peer) => peer !== undefined);
  const line = (title, cell, durability) => [title, ...results.map(cell), durability];
  const lines = [
    line('**walq**', ({ value }) => `**${number(value)}**`, 'on disk, always'),
    line('raw ceiling', ({ ceiling, share }) => `${number(ceiling)} (share ${share})`, results[0].ceilingTitle),
    ...names.map((name) => {
      const peer = about(name);
      const title = peer?.version ? `${name} ${peer.version}` : name;
      return line(title, (result) => peerCell(result, name), peer?.durability ?? '');
    }),
    line('target', targetCell, ''),
    line(hourTitle, ({ machine }) => hourText(machine), ''),
  ];
  const unit = results[0].unit;
  const head = [`${unit}: median (walq is so many times as fast)`, ...results.map(({ title }) => title)];
  return tableOf([...head, 'an answer means'], lines);
}

function peerCell({ peers, skipped }, name) {
  if (peers[name]) return `${number(peers[name].value)} (${peers[name].times})`;
  return skipped[name] ? `**skipped: ${skipped[name]}**` : '';
}
