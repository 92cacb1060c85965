#!/usr/bin/env bash
# Every one-bit flip of every real quote that has collateral, each verified in full; with --collateral every flip of every collateral file too
# (hours). An accepted flip must leave every claim as it was; docs/reference/accepted-flips.md lists where such flips are, and why.
# usage: eng/flips.sh [--stride N] [--collateral] [--json]; the quotes are in shared/data/quotes beside the repository, or in WITAN_SHARED.
# The last line is JSON: quotes, flips, accepted by region, wrong. Exit 1 where one was wrong.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${WITAN_SHARED:-$PWD/../shared}
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --stride) options+=(--stride "$2"); shift 2 ;;
    --collateral) options+=(--collateral); shift ;;
    --json) shift ;;
    *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
  esac
done
[ -d "$shared/data/quotes/cases" ] || { echo "flips.sh: no quotes in $shared/data/quotes; set WITAN_SHARED" >&2; exit 3; }
dotnet build -c Release -v q -nologo tests/Witan.Fuzz >&2
dotnet tests/Witan.Fuzz/bin/Release/net10.0/Witan.Fuzz.dll flips "$shared/data/quotes" "${options[@]}"
