#!/usr/bin/env bash
# types.sh INSTALLED: a strict TypeScript program that uses the installed package compiles, its declarations checked too.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
cd "$1"
cat >consumer.ts <<'TS'
import * as walq from 'walq';

export const names: string[] = Object.keys(walq);
TS
# What every TypeScript user of Node has installed.
mkdir -p node_modules/@types
cp -r "$project/node_modules/@types/node" node_modules/@types/
cp -r "$project/node_modules/undici-types" node_modules/
"$project/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck false --target es2023 --module nodenext --types node consumer.ts
echo "types: as expected"
