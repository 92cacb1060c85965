#!/usr/bin/env bash
# Slow connections (5,000 unless given) and a flood of unfinished admissions against a coordinator process, beside clients that behave.
# The attackers are a process with the lowest priority (nice 19): they would compute on other machines. docs/manual/operating.md has figures.
# usage: eng/abuse.sh [--connections N] [--flood PER_SECOND] [--seconds N] [--json]; the last line is JSON.
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/load-program.sh
exec dotnet "$load" abuse "$@"
