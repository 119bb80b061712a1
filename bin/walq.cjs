#!/usr/bin/env node
'use strict';
const { main } = require('../dist/js/main.cjs');

void main(process.argv.slice(2));
