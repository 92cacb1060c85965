#!/usr/bin/env bash
# Restore as locked, build, check the format, run the tests of the README. The last line counts the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

dotnet restore Witan.slnx --locked-mode
dotnet build Witan.slnx --no-restore
# Style and analyser rules are warnings of the build, and warnings are errors; what is left is white space.
dotnet format whitespace Witan.slnx --verify-no-changes --no-restore
# The JavaScript SDK as locked, which one system test drives; without npm, or without a network, that test is skipped and says so.
sdk=tests/Witan.SystemTests/Dstack/js-sdk
if command -v npm > /dev/null && [ ! -d "$sdk/node_modules" ]; then
  npm ci --prefix "$sdk" --ignore-scripts --no-audit --no-fund || rm -rf "$sdk/node_modules"
fi
status=0
dotnet test Witan.slnx --no-build --logger trx --results-directory "$results" || status=$?

passed=0 failed=0 skipped=0
for file in "$results"/*.trx; do
  [ -e "$file" ] || continue
  counters=$(grep -o '<Counters [^>]*>' "$file" | head -n 1)
  number() { echo "$counters" | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p"; }
  passed=$((passed + $(number passed)))
  failed=$((failed + $(number failed)))
  skipped=$((skipped + $(number total) - $(number executed)))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$passed" -gt 0 ] || status=1
exit "$status"
