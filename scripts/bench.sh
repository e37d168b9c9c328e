#!/usr/bin/env bash
# Throughput beside its peers, in the same run: see docs/BENCHMARKS.md.
#
#   bench.sh [PART ...]   parts: stages equations mqtt door latency batches csv duplicates resend day
#                         trickle rebuild recover growth period recheck idle; without any, all of them at
#                         sizes that end within half an hour
#   PROFILE=release       cargo profile that is measured (demo is quicker to build, and slow)
#   RUNS=5                runs of each contender
#   COUNT, ROWS, ...      sizes: each part below says its own
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${PROFILE:-release}
runs=${RUNS:-5}
shared=${MRV_SHARED:-../shared}/bench
if [ ! -d "$shared" ]; then
    echo "bench: $shared is absent; set MRV_SHARED: nothing to measure against" >&2
    exit 0
fi
shared=$(cd "$shared" && pwd)
python=.venv/bin/python
# What the generator of the CSV file needs.
"$python" -c 'import numpy' 2>/dev/null ||
    "$python" -m pip install --quiet --disable-pip-version-check numpy==2.3.5

cargo=${CARGO:-cargo}
# All at once: alone, the program would be built with other features of the same libraries, and those twice.
"$cargo" build --locked --quiet --profile "$profile" --bin mrv --benches
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
mrv=$target/$profile/mrv
[ "$profile" != dev ] || mrv=$target/debug/mrv

# Where cargo put a benchmark's program.
program() {
    "$cargo" bench --locked --quiet --profile "$profile" --bench "$1" --no-run --message-format=json |
        "$python" -c '
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if said.get("executable") and said["target"]["name"] == sys.argv[1]:
        print(said["executable"])' "$1"
}

title() { printf '\n== %s\n' "$*"; }

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(
    stages equations mqtt door latency batches csv duplicates resend day trickle rebuild recover growth
    period recheck idle
)
printf '== %s, %s processors of %s, %s, profile %s\n' "$(uname -srm)" "$(nproc)" \
    "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1)" "$(date -u +%F)" "$profile"
for part in "${parts[@]}"; do
    case $part in
    stages)
        title 'Stages of our own path, in one thread'
        COUNT=${COUNT:-200000} "$(program stages)" --bench
        ;;
    equations)
        title 'Equations, in one thread'
        "$(program equations)" --bench
        ;;
    mqtt)
        title 'MQTT to tables'
        "$python" benches/mqtt_to_tables.py "$mrv" "$(program load)" \
            "$shared/baseline_paho_pyarrow.py" --count "${COUNT:-200000}" --runs "$runs"
        ;;
    door)
        title 'The door alone'
        "$python" benches/door.py "$(program door)" "$(program load)" \
            --count "${DOOR_COUNT:-1000000}" --runs "$runs"
        ;;
    latency)
        title 'PUBLISH to PUBACK'
        "$python" benches/latency.py "$mrv" "$(program load)" \
            --seconds "${SECONDS_EACH:-5}" --runs "${LATENCY_RUNS:-3}"
        ;;
    csv)
        title 'CSV to readings and 15-minute amounts'
        "$python" benches/csv_ingest.py "$mrv" "$shared/gen20m.py" --rows "${ROWS:-2000000}" --runs "$runs"
        ;;
    batches)
        title 'Payloads of 100 readings'
        "$python" benches/batches.py "$mrv" "$(program load)" --count "${READINGS:-500000}" --runs "$runs"
        ;;
    duplicates)
        title 'Duplicates and conflicts'
        "$python" benches/duplicates.py "$mrv" --rows "${DUPLICATES:-1000000}" --runs "$runs"
        ;;
    day)
        title 'Intervals of one day'
        "$python" benches/behind.py "$(program tables)" day --channels "${CHANNELS:-1000}" --runs "$runs"
        ;;
    resend)
        title 'Random re-sends into a large table'
        "$python" benches/resend.py "$mrv" "$shared/gen20m.py" --rows "${ROWS:-2000000}" --runs "$runs"
        ;;
    period)
        # The whole row of the table: CHANNELS=1000 MONTHS=12, 20 GB of disk and some minutes.
        title 'Closing a period'
        "$python" benches/period.py "$mrv" --channels "${CHANNELS:-100}" --months "${MONTHS:-3}" --runs "${LONG_RUNS:-3}"
        ;;
    trickle)
        title 'Behind the door: a reading of each channel a batch'
        "$python" benches/behind.py "$(program tables)" trickle --count "${TRICKLE:-100,1000}" --runs "${LONG_RUNS:-3}"
        ;;
    rebuild | recover | growth)
        title "Behind the door: $part"
        # The whole row of the table: COUNTS=1000000,10000000,100000000
        "$python" benches/behind.py "$(program tables)" "$part" --count "${COUNTS:-1000000}" --runs "${LONG_RUNS:-3}"
        ;;
    recheck)
        title 'Recheck of a bundle'
        "$python" benches/bundle.py "$mrv" "$(program bundle)" --readings "${RECHECK:-1000000}" --runs "${LONG_RUNS:-3}"
        ;;
    idle)
        title 'An idle daemon'
        "$python" benches/idle.py "$mrv" --seconds "${IDLE_SECONDS:-20}"
        ;;
    *)
        echo "bench: there is no part $part" >&2
        exit 2
        ;;
    esac
done
