import { writeFileSync } from 'node:fs';

/** Loaded by a command under test: writes the largest memory it ever held, in KiB, into the file that RSS_FILE names. */
process.on('exit', () => writeFileSync(process.env.RSS_FILE ?? '', String(process.resourceUsage().maxRSS)));
