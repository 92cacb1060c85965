#!/usr/bin/env bash
# Fuzzes one target for a time: seeded, structure-aware changes of valid samples; every finding is kept as a file and can be repeated by its
# seed. Nothing may throw, hang, or be accepted with other claims than the sample's.
# usage: eng/fuzz.sh TARGET [--minutes 10] [--seed N] [FILE...]
# targets: record, quote, certificate, pck-extension, crl, tcb-info, qe-identity, collateral, policy, ias-report, pib, snapshot, and what `dotnet run --project tests/Witan.Fuzz` lists.
# The last line is JSON: target, runs, valid (accepted with identical claims), findings, seconds. Exit 1 where something was found.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
target=$1 minutes=10 seed=1 files=()
shift
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) minutes=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --json) shift ;;
    -*) echo "fuzz.sh: unknown option $1" >&2; exit 2 ;;
    *) files+=("$(realpath "$1")"); shift ;;
  esac
done
case $minutes in ''|*[!0-9]*) echo "fuzz.sh: --minutes takes a whole number" >&2; exit 2 ;; esac
# Records are counted, not timed: their run is a number of changes of one decision.
[ "$target" != record ] || exec bash eng/fuzz-record.sh --count $((minutes * 1000000)) --seed "$seed"
root=$PWD shared=${WITAN_SHARED:-$PWD/../shared}
# Every bit of the real reports too, where they are there.
[ "$target" != ias-report ] || [ ${#files[@]} -gt 0 ] || [ ! -d "$shared/data/ias" ] || files=("$shared"/data/machine/ias/*.json "$shared"/data/ias/reports/*.json)
if [ "$target" = snapshot ] && [ ${#files[@]} -eq 0 ]; then
  files=("$root"/examples/machines/{good,bad,documents,tdx-guest}.json)
  [ ! -d "$shared/data/machine/cpuid" ] || files+=("$shared"/data/machine/cpuid/*.txt "$shared"/data/machine/cpuid/instlatx64/*.csv)
fi
dotnet build -c Release -v q -nologo tests/Witan.Fuzz >&2
folder=$(mktemp -d)
trap 'ls "$folder"/*finding-* >/dev/null 2>&1 && echo "findings are in $folder" >&2 || rm -rf "$folder"' EXIT
cd "$folder"
dotnet "$root/tests/Witan.Fuzz/bin/Release/net10.0/Witan.Fuzz.dll" "$target" "${files[@]}" --seconds $((minutes * 60)) --seed "$seed"
