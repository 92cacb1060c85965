#!/usr/bin/env bash
# N changed copies (10,000,000 unless given) of a real decision: ballots on their way in, published files, and records of which one event was changed and all
# signed anew by the coordinator's own key. No exception, nothing accepted with other claims.
# usage: eng/fuzz-record.sh [--count N] [--seconds S] [--seed S]; with --seconds as many as there is time for; the last line is JSON with runs, valid, findings, seconds, perSecond.
set -euo pipefail
cd "$(dirname "$0")/.."
count=10000000 seed=1 seconds=0
while [ $# -gt 0 ]; do
  case $1 in
    --count) count=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --json) shift ;;
    *) echo "usage: eng/fuzz-record.sh [--count N] [--seconds S] [--seed S]" >&2; exit 2 ;;
  esac
done
dotnet build -c Release -v q -nologo tests/Witan.Fuzz >&2
dotnet run -c Release --no-build --project tests/Witan.Fuzz -- record --count "$count" --seconds "$seconds" --seed "$seed"
