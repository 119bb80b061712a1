export function number(value) {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
}

/** A table of Markdown, as the formatter of this project writes one. */
export function tableOf(head, lines) {
  const widths = head.map((_, at) => Math.max(3, ...[head, ...lines].map((line) => line[at].length)));
  const toLine = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  return [toLine(head), toLine(widths.map((width) => '-'.repeat(width))), ...lines.map(toLine)].join('\n');
}
