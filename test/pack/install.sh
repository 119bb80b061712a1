#!/usr/bin/env bash
# install.sh FROM TO: installs the one tarball in FROM into the empty folder TO, as a user would: without development packages.
set -euo pipefail
tarballs=("$1"/walq-*.tgz)
[ "${#tarballs[@]}" -eq 1 ] && [ -f "${tarballs[0]}" ]
mkdir "$2"
cd "$2"
printf '{ "name": "somebody", "private": true, "type": "module" }\n' >package.json
npm install --no-fund --no-audit "${tarballs[0]}"
test -x node_modules/.bin/walq
