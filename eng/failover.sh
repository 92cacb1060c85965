#!/usr/bin/env bash
# Kills the PostgreSQL primary and promotes its synchronous standby while three coordinators take ballots; then kills coordinators one
# after the other. The last line is JSON with failovers, coordinatorKills, acknowledged, lost, doubled, wrong, maxRecoverySeconds.
# usage: eng/failover.sh [--rounds 5] [--coordinator-kills 20] [--seed S]. Needs the Debian package postgresql-15.
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/faults-program.sh
exec dotnet "$faults" failover "$@"
