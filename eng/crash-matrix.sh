#!/usr/bin/env bash
# Kills coordinator, worker and trustee (SIGKILL) at every write of a decision, and compares what was acknowledged and decided with the
# model. With --soak: so many kills at random in one decision. The last line is JSON with runs, lost, doubled, wrong, maxRecoverySeconds;
# seeds counts those of which every point was run.
# usage: eng/crash-matrix.sh [--seeds 20] [--store sqlite|postgres] [--stride N] [--jobs 1] [--minutes N] [--soak KILLS [--seed S]]
# --jobs runs so many councils side by side; recovery is then measured under their load. Needs strace, and for postgres the Debian package
# postgresql-15; as root the server runs as its user postgres.
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/faults-program.sh
exec dotnet "$faults" crash "$@"
