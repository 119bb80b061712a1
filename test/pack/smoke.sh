#!/usr/bin/env bash
# smoke.sh INSTALLED [MAJOR]: uses the walq installed in that folder, under the Node on the PATH or under a major version of it, fetched with npx.
set -euo pipefail
cd "$1"
major=${2:-}

if [ -n "$major" ]; then
  # The package `node` brings the binary. Putting its folder first on the PATH makes the shebang of the installed command find it,
  # and the handlers that the command starts.
  node=''
  for pause in 5 20 0; do
    node=$(npx -y -p "node@$major" node -p process.execPath) && break
    sleep "$pause"
  done
  PATH="$(dirname "$node"):$PATH"
  case "$(node --version)" in
    "v$major."*) ;;
    *) echo "wanted Node $major, got $(node --version)" && exit 1 ;;
  esac
fi
PATH="$PWD/node_modules/.bin:$PATH"
echo "node $(node --version)"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/walq-smoke.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
installed=$PWD
cd "$scratch"

# expect WHAT PATTERN FILE
expect() {
  grep -qE -- "$2" "$3" || { echo "$1: no line matches '$2' in:" && cat "$3" && exit 1; }
}
# exits CODE COMMAND...
exits() {
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" -eq "$wanted" ] || { echo "wanted exit $wanted, got $code: $*" && exit 1; }
}

walq --version >version
expect 'version' "^$(node -p "require('$installed/node_modules/walq/package.json').version")$" version

export WALQ_STORE=$scratch/store
walq queue enqueue greet -d '{"name":"Ada"}'
walq queue enqueue greet -d '{"name":"Grace"}'
walq queue run --exec "cat >>$scratch/said" --drain
expect 'the handler got the payload' '^\{"name":"Ada"\}$' said
expect 'the handler got the payload' '^\{"name":"Grace"\}$' said

# A function in the runner's own process: what is shipped can still import, and says nothing of how.
echo "import { appendFileSync } from 'node:fs';
export default ({ payload }) => appendFileSync('$scratch/called', payload.name);" >handler.mjs
walq --store called-store queue enqueue greet -d '{"name":"Ada"}' 2>/dev/null
walq --store called-store queue run --module handler.mjs --drain 2>called-stderr
expect 'the function got the payload' '^Ada$' called
if grep -i warning called-stderr; then exit 1; fi

walq wal inspect >events
cat events
expect 'the log begins' '^\[seq=1\] ENQUEUE ' events
expect 'the log ends' '^\[seq=6\] ACK ' events
walq queue status --json >status
node -e 'JSON.parse(require("node:fs").readFileSync("status", "utf8"))'
walq snapshot create
walq snapshot verify
walq wal verify >verdict
cat verdict
expect 'the verdict' '^OK' verdict

# Damage must be seen by what was installed, too.
cp -r store torn
segment=$(ls torn/wal/*.wal)
rm torn/HEAD
printf 'x' >>"$segment"
exits 4 walq wal verify torn >torn-verdict || { cat torn-verdict && exit 1; }
exits 2 walq wal verify --no-such-flag 2>/dev/null
exits 1 walq wal verify "$scratch/nothing-here" 2>/dev/null

# The library, and that it needs nothing of the command line.
mkdir library
cp -r "$installed/node_modules" library/
(cd library/node_modules && rm -r chalk cli-table3 ora)
(cd library && node --input-type=module -e "
  const library = Object.keys(await import('walq')).sort();
  if (library.length === 0) throw new Error('the library exports nothing');
  console.log('library:', library.join(' '));
" && node -e "if (typeof require('walq').openQueue !== 'function') throw new Error('the library cannot be required')")
echo "smoke test under $(node --version): all as expected"
