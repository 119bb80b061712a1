import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function documents(): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'));
  const below = ['docs', 'src', 'fixtures', 'test', 'bench'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => join(folder, name)),
  );
  return [...top, ...below];
}

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Targets of links in a text, without code blocks. */
function links(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
}

/** The anchor that a heading gets where the text is shown. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function anchors(path: string): string[] {
  return [...textOf(path).matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''));
}

describe('the documents', () => {
  it.each(documents())('%s links only to what is there', (path) => {
    const broken = links(textOf(path)).filter((link) => {
      if (/^(https?|mailto):/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchors(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(documents())('%s speaks of the project alone: no path of one machine, no registry', (path) => {
    expect(textOf(path)).not.toMatch(/\/work\/|\/home\/[a-z]|registry\.npmjs|localhost:\d/);
  });

  it('are all reached from the README, by way of the others', () => {
    const reached = new Set<string>(['README.md']);
    for (const path of reached) {
      for (const link of links(textOf(path))) {
        const target = join(dirname(path), link.split('#')[0] ?? '');
        if (target.endsWith('.md') && existsSync(join(root, target))) reached.add(target);
      }
    }
    expect(documents().filter((path) => !reached.has(path))).toEqual([]);
  });
});
