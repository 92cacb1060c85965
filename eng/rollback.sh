#!/usr/bin/env bash
# Restores older snapshots of the store under a coordinator, in the middle of decisions: each must be noticed and refused. The last line
# is JSON with runs, refused, lost, doubled, wrong, maxRefusalSeconds.
# usage: eng/rollback.sh [--runs 100] [--store sqlite|postgres] [--seed S]
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/faults-program.sh
exec dotnet "$faults" rollback "$@"
