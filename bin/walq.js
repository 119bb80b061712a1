#!/usr/bin/env node
import { main } from '../dist/js/main.js';

await main(process.argv.slice(2));
