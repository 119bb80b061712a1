import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/** The sources are TypeScript, which not every supported Node reads. */
const path = fileURLToPath(new URL('./long.ts', import.meta.url));
const { module } = await runnerImport(path, { configFile: false, logLevel: 'error' });
process.exitCode = module.exitCode;
