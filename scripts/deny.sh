#!/usr/bin/env bash
# Licences, bans and sources of every dependency; advisories where their database can be reached.
set -euo pipefail
cd "$(dirname "$0")/.."
deny=${XDG_CACHE_HOME:-$HOME/.cache}/mrv-tools/bin/cargo-deny

"$deny" --all-features check --hide-inclusion-graph licenses bans sources
if timeout 120 "$deny" fetch db >/dev/null 2>&1; then
    "$deny" --all-features check --hide-inclusion-graph advisories
else
    printf '\n%s\n%s\n\n' \
        'WARNING: the advisory database (github.com/rustsec/advisory-db) could not be reached:' \
        'WARNING: known faults of dependencies were NOT checked in this run.' >&2
fi
