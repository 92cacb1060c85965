#!/usr/bin/env bash
# Lengths and proving times of ballots for yes and for no (10,000 each unless given), with a Kolmogorov-Smirnov test.
# usage: eng/privacy.sh [--ballots N] [--json]; the last line is JSON.
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/load-program.sh
exec dotnet "$load" privacy "$@"
