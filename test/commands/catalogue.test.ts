import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/base/nearest.ts';
import { allCodes, explainCode } from '../../src/commands/catalogue.ts';
import { allOutcomes, explainOutcome } from '../../src/commands/outcomes.ts';

const src = new URL('../../src/', import.meta.url).pathname;

function sources(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

describe('the catalogue of codes', () => {
  it('explains every code that the source names', () => {
    const named = sources().flatMap((name) =>
      [...readFileSync(`${src}${name}`, 'utf8').matchAll(/'(E_[A-Z_]+)'/g)].map((match) => match[1] ?? ''),
    );
    expect([...new Set(named)].filter((code) => !allCodes().some((known) => known === code)).sort()).toEqual([]);
  });

  it('holds the catalogue of every layer, and each code is in one', async () => {
    const files = sources().filter((name) => /(^|\/)codes\.ts$/.test(name));
    expect(files).toContain('storage/codes.ts');
    const codes: string[] = [];
    for (const file of files) {
      const module: Record<string, object> = await import(`${src}${file}`);
      codes.push(...Object.values(module).flatMap((catalogue) => Object.keys(catalogue)));
    }
    expect(codes.sort()).toEqual(allCodes());
  });

  it('has a code in the catalogue of a layer that raises it', () => {
    // The list of all names raises nothing.
    const files = sources().filter((name) => name !== 'base/code.ts');
    const above = files
      .filter((name) => /(^|\/)codes\.ts$/.test(name))
      .flatMap((name) => {
        const room = name.replace(/codes\.ts$/, '');
        // The commands and the command line above them share one catalogue.
        const raising = files.filter(
          (each) =>
            !each.endsWith('codes.ts') && (each.startsWith(room) || (room === 'commands/' && each.startsWith('cli/'))),
        );
        const texts = raising.map((each) => readFileSync(`${src}${each}`, 'utf8'));
        const codes = [...readFileSync(`${src}${name}`, 'utf8').matchAll(/^ {2}(E_[A-Z_]+): /gm)].map(
          ([, code]) => code,
        );
        return codes
          .filter((code) => !texts.some((text) => new RegExp(`\\b${code}\\b`).test(text)))
          .map((code) => `${name}: ${code}`);
      });
    expect(above).toEqual([]);
  });

  it('has a title, sentences and a next step for each', () => {
    for (const code of allCodes()) {
      const { title, explain, next } = explainCode(code);
      expect({ code, title: title.length > 3 && title.length < 100 && !title.endsWith('.') }).toEqual({
        code,
        title: true,
      });
      expect({ code, explain: /^(walq |queue |[^a-z]).*\.$/s.test(explain) }).toEqual({ code, explain: true });
      expect({ code, next: next.length > 5 }).toEqual({ code, next: true });
    }
  });

  it('takes a code in any spelling and suggests near ones', () => {
    expect(explainCode('gap').code).toBe('E_GAP');
    expect(explainCode('e-torn-tail').code).toBe('E_TORN_TAIL');
    expect(() => explainCode('E_GAPS')).toThrow(expect.objectContaining({ code: 'E_UNKNOWN_CODE', exit: 1 }));
    for (const name of ['E_CONSTRUCTOR', 'E_', '', '__proto__']) {
      expect(() => explainCode(name)).toThrow(expect.objectContaining({ code: 'E_UNKNOWN_CODE' }));
    }
    expect(nearest('E_GAPS', allCodes())[0]).toBe('E_GAP');
    expect(nearest('E_TORN', allCodes())).toContain('E_TORN_TAIL');
    expect(nearest('E_ZZZZZZZZZZ', allCodes())).toEqual([]);
  });
});

describe('exit codes and verdicts', () => {
  it('are those of the document, which has each by its first words', () => {
    const page = readFileSync(new URL('../../docs/exit-codes.md', import.meta.url), 'utf8').replaceAll('`', '');
    const rows = [...page.matchAll(/^\| (\d[\d, ]*?|[A-Z]{2}[A-Z ]*?) +\|(?: \d +\|)? (.*?) +\|$/gm)];
    const written = rows.flatMap(([, names = '', text = '']) => names.split(', ').map((name) => ({ name, text })));
    expect(allOutcomes().filter((name) => name !== 'NOTE')).toEqual(written.map(({ name }) => name));
    for (const { name, text } of written) {
      const help = explainOutcome(name);
      const said = `${help?.title} ${help?.explain}`.toLowerCase();
      const first = text.toLowerCase().split(/[:;,.]| and /)[0] ?? '';
      expect(said, name).toContain(first === 'clean' ? 'clean' : first.split(' (')[0]);
    }
  });

  it('are found however they are typed', () => {
    expect(explainOutcome('no-base')).toMatchObject({ code: 'NO BASE' });
    expect(explainOutcome('torn')).toMatchObject({ code: 'TORN' });
    expect(explainOutcome('03')).toBeUndefined();
    expect(explainOutcome('constructor')).toBeUndefined();
  });
});
