import type { CodeCatalogue } from './errors.ts';

/** Texts that every layer reads: durations, sizes, JSON. */
export const baseCodes = {
  E_DURATION: {
    title: 'not a duration',
    explain:
      "A duration is one or more numbers with units, longest first: w d h m s ms, as in '250ms', '1.5s', '1h30m', '7d'. A number without a unit is refused, except 0: some tools read it as seconds, others as milliseconds.",
    next: 'Add the unit.',
  },
  E_SIZE: {
    title: 'not a size',
    explain:
      "A size is a number of bytes, with a unit if you like: '512', '10k', '64MiB', '1.5GiB'. k, M, G, T and KiB, " +
      'MiB, GiB, TiB count 1024; kB, MB, GB, TB count 1000.',
    next: 'Write the size in one of these forms.',
  },
  E_JSON_DEPTH: {
    title: 'JSON is nested too deeply',
    explain:
      'Arrays and objects may be nested 128 deep. Deeper JSON is refused everywhere, so that it can make no reader fail. Nothing was changed.',
    next: 'Send a flatter value, or a string that contains the text.',
  },
  E_JSON_SIZE: {
    title: 'JSON is too large',
    explain: 'The text is larger than a payload may be. Nothing was changed.',
    next: 'Keep the data in a file and put its path into the payload.',
  },
} satisfies CodeCatalogue;
