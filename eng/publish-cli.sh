#!/usr/bin/env bash
# Publishes the witan command with its code compiled ahead of time (ReadyToRun), for linux-x64, on an installed .NET 10 runtime.
#
#   eng/publish-cli.sh [FOLDER]         publish to FOLDER (default artifacts/cli)
#   eng/publish-cli.sh --time [FOLDER]  publish, then time `witan sgx-test` on this machine: 20 runs, median and worst
#
# Needs the network once, for the compiler's package of the SDK.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
time=false
[ "${1:-}" != --time ] || { time=true; shift; }
out=${1:-artifacts/cli}

# The lock files are for builds without a runtime identifier: this restore keeps its own beside its output.
dotnet publish src/Witan.Cli -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true -p:NuGetLockFilePath=obj/publish.lock.json \
  -p:PublishDocumentationFiles=false -o "$out" -v quiet
echo "published $out/witan"
$time || exit 0

# Wall time is what a user waits; the processor time beside it tells a slow program from a busy machine. Milliseconds.
runs=20
times=$(mktemp)
trap 'rm -f "$times"' EXIT
TIMEFORMAT='%R %U %S'
for _ in 1 2 3; do "$out/witan" sgx-test >/dev/null || true; done
for _ in $(seq $runs); do
  { time "$out/witan" sgx-test >/dev/null 2>&1; } 2>>"$times" || true
done
wall=$(awk '{ print $1 * 1000 }' "$times" | sort -n)
processor=$(awk '{ print ($2 + $3) * 1000 }' "$times" | sort -n)
nth() { echo "$1" | sed -n "$2p"; }
echo "witan sgx-test, $runs runs: wall best $(nth "$wall" 1) ms, median $(nth "$wall" $((runs / 2))) ms, worst $(nth "$wall" $runs) ms; processor time median $(nth "$processor" $((runs / 2))) ms"
