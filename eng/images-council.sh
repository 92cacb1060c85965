#!/usr/bin/env bash
# Runs a council from the built images: unpacks them, mounts what deploy/*.yml mounts, starts the images' own entry points in chroots with
# simulated guest agents outside, and decides. Also: what the images must refuse. With --kill every container is killed (SIGKILL) while
# the council decides: all in turn in one decision, then each in a decision of its own. The last line is JSON with decisions, kills,
# restarts, lost, doubled, wrong, maxRecoverySeconds.
# usage: eng/images-council.sh [--kill [--rounds 1]] [--build]
# Needs root, util-linux, jq, and the images: they are built where there are none, and again with --build.
set -euo pipefail
cd "$(dirname "$0")/.."
arguments=() build=false
for argument; do
  if [ "$argument" = --build ]; then build=true; else arguments+=("$argument"); fi
done
if $build || [ ! -s artifacts/images/trustee.digest ]; then eng/images.sh >&2; fi
dotnet build -c Release -v q -nologo tests/Witan.Faults >&2
exec dotnet tests/Witan.Faults/bin/Release/net10.0/Witan.Faults.dll images --repository "$PWD" "${arguments[@]}"
