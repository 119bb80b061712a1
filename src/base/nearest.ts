/** Up to five candidates that a typing mistake, or a remembered part, could have meant; the best first. */
export function nearest(word: string, candidates: readonly string[]): string[] {
  const bare = (text: string): string => text.replace(/^E_/, '');
  const wanted = bare(word);
  const scored = candidates.map((candidate) => {
    const has = bare(candidate);
    const contains = wanted.length >= 3 && (has.includes(wanted) || wanted.includes(has));
    return { candidate, score: contains ? 0.2 : editDistance(wanted, has) / Math.max(wanted.length, has.length, 1) };
  });
  return scored
    .filter((each) => each.score <= 0.45)
    .sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 5)
    .map((each) => each.candidate);
}

/** Characters to change, add or drop; two neighbours in the wrong order count once. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : change;
      next.push(Math.min(change, swap, (next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
