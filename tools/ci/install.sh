#!/usr/bin/env bash
# Installs what the stages after `npm test` need, on Debian as root; what is there already is left alone.
set -euo pipefail

declare -A programs=(
  [docker.io]=dockerd [skopeo]=skopeo [chromium]=chromium [jq]=jq [curl]=curl [strace]=strace
  [postgresql]=/usr/lib/postgresql/*/bin/initdb
)
missing=()
for package in "${!programs[@]}"; do
  # The pattern is meant to be expanded.
  # shellcheck disable=SC2086
  command -v ${programs[$package]} >/dev/null || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  echo "apt: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # In runlevel 1 no package starts its service.
  apt-get -q update
  apt-get -q install --yes --no-install-recommends "${missing[@]}"
fi

PATH=$PATH:$HOME/go/bin
command -v crane >/dev/null || {
  echo 'go: crane'
  go install github.com/google/go-containerregistry/cmd/crane@v0.22.1
}
