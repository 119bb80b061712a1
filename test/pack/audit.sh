#!/usr/bin/env bash
# audit.sh NOTRUN: fails when a package that users get has an advisory. Not every registry keeps advisories: where this one does not, the
# file NOTRUN is made, and whoever asked has to say so.
set -euo pipefail
cd "$(dirname "$0")/../.."
report=$(npm audit --omit=dev --json 2>/dev/null) && echo 'no advisory' && exit 0
if grep -q '"auditReportVersion"' <<<"$report"; then
  npm audit --omit=dev || true
  exit 1
fi
printf '%s\n' "$report"
: >"$1"
