import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** What is left of how a process was started. */
export interface Start {
  variables: Readonly<Record<string, string | undefined>>;
  /** Process id. */
  parent: number;
  /** Standard output or standard error is one. */
  onTerminal: boolean;
}

/**
 * Whether it was started to outlive its terminal: `nohup walq ...`, or by a script that runs so. What was said by HUP
 * being ignored, Node takes back before any code of ours runs. So ask the shell, which names the command that it called
 * in `_`, and the parent, which ignores what its commands should. Neither counts where output goes to a terminal: nohup
 * would have taken it away from there.
 */
export function outlivesTerminal({ variables, parent, onTerminal }: Start): boolean {
  return !onTerminal && (basename(variables._ ?? '') === 'nohup' || ignoresHangup(parent));
}

/** Linux alone tells; elsewhere, and of a parent that is gone, nothing is known. */
function ignoresHangup(pid: number): boolean {
  try {
    const [, ignored = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    // HUP is the first of the signals, and the lowest bit.
    return (Number.parseInt(ignored.slice(-1), 16) & 1) === 1;
  } catch {
    return false;
  }
}
