#!/usr/bin/env bash
# Installs what tests and benchmarks need beside git, make, a C compiler and rustup.
# Can be run again at any time; does only what is missing.
#
#   scripts/setup.sh          for the tests
#   scripts/setup.sh bench    for the benchmarks too (the Mosquitto broker they measure against)
set -euo pipefail
cd "$(dirname "$0")/.."

cargo_deny_version=0.20.2
tools=${XDG_CACHE_HOME:-$HOME/.cache}/mrv-tools

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

packages=()
command -v mosquitto_pub >/dev/null || packages+=(mosquitto-clients)
command -v strace >/dev/null || packages+=(strace)
command -v python3 >/dev/null || packages+=(python3)
# Debian's python3 comes without what makes an environment with pip.
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
# Sets a clock back and forward for one program.
ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || packages+=(libfaketime)
# Recalculates the workbooks that tests write.
command -v soffice >/dev/null || packages+=(libreoffice-calc)
# Renders and reads the PDFs that tests write.
command -v pdftoppm >/dev/null || packages+=(poppler-utils)
# Scripts of the partner countries in reports; fc-list is not always there.
[ -e /usr/share/fonts/truetype/noto/NotoSansKhmer-Regular.ttf ] || packages+=(fonts-noto-core)
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || packages+=(fonts-noto-cjk)
if [ "${1:-}" = bench ] && [ ! -x /usr/sbin/mosquitto ]; then packages+=(mosquitto); fi
if [ ${#packages[@]} -gt 0 ]; then
    say "installing ${packages[*]}"
    as_root apt-get update -qq
    # The broker must not start by itself: benchmarks start their own.
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

requirements=tests/python/requirements.txt
if ! cmp -s "$requirements" .venv/requirements.txt; then
    say "making .venv from $requirements"
    # Moved folders keep the paths they were made with: start afresh.
    python3 -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" .venv/requirements.txt
fi

if ! "$tools/bin/cargo-deny" --version 2>/dev/null | grep -qx "cargo-deny $cargo_deny_version"; then
    say "building cargo-deny $cargo_deny_version (once, a few minutes)"
    # Unoptimised: it builds in a fraction of the time and still answers in seconds.
    CARGO_TARGET_DIR=$tools/build CARGO_PROFILE_DEV_DEBUG=0 \
        cargo install --quiet --locked --debug --force \
        cargo-deny --version "$cargo_deny_version" --root "$tools"
    rm -rf "$tools/build"
fi
say 'ready'
