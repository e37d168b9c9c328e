#!/usr/bin/env bash
# Throughput beside its peers, in the same run: see docs/BENCHMARKS.md.
#
#   PROFILE=release  cargo profile that is measured (demo is quicker to build, and slow)
#   COUNT=200000     MQTT messages a run      RUNS=3   runs of each side
#   ROWS=2000000     rows of the CSV file; the whole one has 20000000
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${PROFILE:-release}
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

"${CARGO:-cargo}" build --locked --quiet --profile "$profile" --bin mrv
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
mrv=$target/$profile/mrv
[ "$profile" != dev ] || mrv=$target/debug/mrv

echo "== $(uname -srm), $(nproc) processors, $(date -u +%F), profile $profile"
echo "== Stages of our own path, in one thread"
COUNT=${COUNT:-200000} "${CARGO:-cargo}" bench --locked --quiet --profile "$profile" --bench stages
echo
echo "== MQTT to tables"
"$python" benches/mqtt_to_tables.py "$mrv" "$shared/baseline_paho_pyarrow.py" \
    --count "${COUNT:-200000}" --runs "${RUNS:-3}"
echo
echo "== CSV to readings and 15-minute amounts"
"$python" benches/csv_ingest.py "$mrv" "$shared/gen20m.py" --rows "${ROWS:-2000000}" --runs "${RUNS:-3}"
