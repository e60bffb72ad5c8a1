#!/usr/bin/env bash
# Sets up as run.sh does, builds everything and runs every test.
#   ./test.sh [arguments for ctest]      e.g. ./test.sh -R Replay
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  sed -n '2,3s/^# //p' test.sh
  exit 0
fi

source scripts/setup.sh
system_packages+=(doxygen)
setup
build

# tests run side by side: threads that wait for work must not keep each other's cores
export OMP_WAIT_POLICY=passive
exec ctest --test-dir $build_dir --parallel "$(nproc)" --output-on-failure "$@"
