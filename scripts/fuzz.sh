#!/usr/bin/env bash
# Fuzzes the targets of fuzz/, two at a time: scripts/fuzz.sh SECONDS [TARGET...]
# A crash ends it with the input that caused it below fuzz/artifacts/. What is found on the way goes to
# fuzz/found/ and is kept from run to run; scripts/fuzz.sh --keep puts what adds to the coverage into
# the committed corpus.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../target}
RUSTC_WRAPPER=$PWD/rustc.sh "${CARGO:-cargo}" build --locked --quiet --bins
program() { printf '%s/debug/%s' "$CARGO_TARGET_DIR" "$1"; }
all() { for source in fuzz_targets/*.rs; do basename "$source" .rs; done; }

if [ "${1:-}" = --keep ]; then
    for target in $(all); do
        next=$(mktemp -d)
        "$(program "$target")" -merge=1 -max_len=4096 "$next" "corpus/$target" "found/$target" \
            2>/dev/null
        # What was written by hand has a name, what was found has a hash.
        find "corpus/$target" -type f -regextype posix-extended -regex '.*/[0-9a-f]{40}' -delete
        # The smallest say nearly as much as all.
        find "$next" -type f -size -3k -printf '%s %p\n' | sort -n | head -n 150 | cut -d' ' -f2 |
            xargs -r cp -t "corpus/$target"
        rm -rf "$next"
        printf '%s: %s inputs\n' "$target" "$(find "corpus/$target" -type f | wc -l)"
    done
    exit
fi

seconds=${1:?how many seconds for each target}
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(all)

fuzz() {
    local target=$1 log
    mkdir -p "found/$target" "artifacts/$target" "corpus/$target"
    log=$(mktemp)
    if "$(program "$target")" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=4096 \
        -max_len=65536 -artifact_prefix="artifacts/$target/" -print_final_stats=1 \
        "found/$target" "corpus/$target" >"$log" 2>&1; then
        printf '%-12s %s s: %s executions, no crash\n' "$target" "$seconds" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    else
        printf '%-12s CRASHED\n' "$target"
        tail -n 40 "$log"
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}
export -f fuzz program
export seconds CARGO_TARGET_DIR
printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} bash -c 'fuzz {}'
