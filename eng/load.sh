#!/usr/bin/env bash
# N workers (10,000 unless given) attest, cast and are counted against coordinator processes; docs/manual/operating.md says what is measured.
# usage: eng/load.sh [--workers N] [--proposals N] [--in-flight N] [--postgres [--coordinators N [--spread]]] [--json]; the last line is JSON.
# Workers cast at the home of the record, as real ones do; with --spread at all coordinators by turns.
# With --postgres a server of its own is made and started for the run (initdb, postgres; as the user postgres where root runs this).
set -euo pipefail
cd "$(dirname "$0")/.."
. eng/load-program.sh
arguments=() postgres=
for argument in "$@"; do
    if [ "$argument" = --postgres ]; then postgres=1; else arguments+=("$argument"); fi
done
if [ -n "$postgres" ]; then
    programs=$(dirname "$(command -v initdb || find /usr/lib/postgresql -name initdb | sort -V | tail -1)")
    folder=$(mktemp -d)
    as=()
    if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; as=(setpriv --reuid=postgres --regid=postgres --clear-groups); fi
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (cd / && "${as[@]}" "$programs/initdb" -D "$folder/data" -A trust -U postgres -k --no-sync >&2)
    (cd / && "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200" start >&2)
    trap '(cd / && "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -m fast -w stop >&2); rm -rf "$folder"' EXIT
    arguments+=(--store "postgres://postgres@127.0.0.1:$port/postgres")
fi
dotnet "$load" load "${arguments[@]}"
