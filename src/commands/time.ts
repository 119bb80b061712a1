const isoPattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * An ISO date or time in milliseconds since the epoch; undefined for anything else, impossible dates included.
 * Without a zone it is local time, a bare date too (`Date.parse` would take that for UTC).
 */
export function parseTime(text: string): number | undefined {
  const match = isoPattern.exec(text);
  if (match === null) return undefined;
  const field = (at: number): number => Number(match[at] ?? 0);
  const [year, month, day, hour, minute, second] = [field(1), field(2), field(3), field(4), field(5), field(6)];
  // Two digits mean the years from 1900 to what makes dates of numbers; and nothing was logged back then.
  if (year < 100 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const milli = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000);
  const zone = match[8];
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second, milli).getTime();
  return Date.UTC(year, month - 1, day, hour, minute, second, milli) - zoneOffsetMs(zone);
}

function zoneOffsetMs(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
