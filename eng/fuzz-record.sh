#!/usr/bin/env bash
# Audits N changed copies of a real decision (10,000,000 unless given): no exception, no accepted copy with other claims.
# usage: eng/fuzz-record.sh [--count N] [--seed S]; the last line is JSON with runs, valid, findings, seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
count=10000000 seed=1
while [ $# -gt 0 ]; do
  case $1 in
    --count) count=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --json) shift ;;
    *) echo "usage: eng/fuzz-record.sh [--count N] [--seed S]" >&2; exit 2 ;;
  esac
done
folder=$(mktemp -d)
trap 'ls "$folder"/*.finding-* >/dev/null 2>&1 && echo "findings are in $folder" >&2 || rm -rf "$folder"' EXIT
dotnet build -c Release -v q -nologo bench/Witan.Benchmarks >&2
dotnet build -c Release -v q -nologo tests/Witan.Fuzz >&2
dotnet run -c Release --no-build --project bench/Witan.Benchmarks -- ballots --ballots 3 --out "$folder/decision.json" >&2
dotnet run -c Release --no-build --project tests/Witan.Fuzz -- record "$folder/decision.json" --count "$count" --seed "$seed"
