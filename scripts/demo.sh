#!/usr/bin/env bash
# Simulated gateways to an emission-reduction report, under demo/. Can be run again at once.
#
# Builds, starts the daemon on free ports of loopback, lets three simulated gateways publish a solar
# plant and a chiller plant with their defects, drops a file into the inbox, closes a period that
# crosses a year, makes a verifier's bundle, and prints what came of it. Ends what it started.
set -euo pipefail
cd "$(dirname "$0")/.."

from=2025-11-01
days=92
to=2026-01-31
plans=$PWD/pipelines/projects
folder=$PWD/demo

say() { printf 'demo: %s\n' "$*" >&2; }

say 'building (minutes the first time, seconds later)'
started=$SECONDS
"${CARGO:-cargo}" build --locked --quiet --profile demo --bin mrv
mrv=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/demo/mrv
say "built in $((SECONDS - started)) s"

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

daemon=
gateways=()
finish() {
    status=$?
    for gateway in "${gateways[@]}"; do kill "$gateway" 2>/dev/null || true; done
    if [ -n "$daemon" ] && kill -TERM "$daemon" 2>/dev/null; then wait "$daemon" || true; fi
    if [ "$status" != 0 ]; then say "stopped; see $folder/serve.log"; fi
    exit "$status"
}
trap finish EXIT

# A port of loopback on which nobody answers.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}
mqtt=$(free_port 18830)
http=$(free_port $((mqtt + 1)))

# Waits for a condition, at most as many seconds.
wait_for() {
    local seconds=$1 what=$2
    shift 2
    local end=$((SECONDS + seconds))
    until "$@"; do
        if [ $SECONDS -ge $end ]; then
            say "$what: not within $seconds s"
            return 1
        fi
        if [ -n "$daemon" ] && ! kill -0 "$daemon" 2>/dev/null; then
            say "$what: the daemon has left"
            return 1
        fi
        sleep 0.1
    done
}
is_ready() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$http"
        printf 'GET /readyz HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n' >&3
        read -r answer <&3
        [[ $answer == *' 200 '* ]]
    ) 2>/dev/null
}

cat > mrv.toml <<TOML
# Configuration of the demonstration. All data below this folder are simulated.
[listener]
address = "127.0.0.1:$mqtt"
[http]
address = "127.0.0.1:$http"
[publish]
seconds = 5
[inbox]
rescan_seconds = 1
TOML
"$mrv" init --name demo.mrv.local > init.txt
"$mrv" serve > serve.log 2>&1 &
daemon=$!
wait_for 60 'the daemon is ready' is_ready

for project in demo-solar demo-chiller; do
    "$mrv" plan apply "$plans/$project.toml" --author 'plant engineer' > "plan-$project.txt"
done

# An account for each gateway; its password is shown once.
mkdir -m 700 secrets
account() {
    "$mrv" gateway add --project "$2" --site "$3" "$1" |
        sed -n 's/^password *\([^ ]*\).*/\1/p' > "secrets/$1"
}
account solar-a demo-solar roof
account solar-b demo-solar roof
account chiller demo-chiller plant

say 'three simulated gateways publish by MQTT, QoS 1'
publish() {
    "$mrv" simulate plant --gateway "$1" --project "$2" --site "$3" --mqtt "$4" \
        --address "127.0.0.1:$mqtt" --user "$1" --password-file "secrets/$1" \
        --from $from --days $days > "gateway-$1.txt"
}
publish solar-a demo-solar roof 3.1.1 & gateways+=($!)
publish solar-b demo-solar roof 5 & gateways+=($!)
publish chiller demo-chiller plant 5 & gateways+=($!)
for gateway in "${gateways[@]}"; do wait "$gateway"; done
gateways=()

say 'the check meter: a file dropped into the inbox'
name=check_$from.csv
inbox=data/inbox/demo-solar
mkdir -p "$inbox"
"$mrv" simulate check-file "$inbox/$name.part" --from $from --days $days > check-file.txt
mv "$inbox/$name.part" "$inbox/$name"
wait_for 120 'the file is decoded' test -f "$inbox/done/$name.result.json"

say 'closing the period'
for project in demo-solar demo-chiller; do
    "$mrv" period close --project $project --from $from --to $to \
        --prepared-by 'A. Preparer (invented)' --reviewed-by 'B. Reviewer (invented)' \
        > "period-$project.txt"
done

say 'the bundle for a verifier, and its recheck'
"$mrv" bundle demo-solar $from $to --out bundle.zip > bundle.txt 2> /dev/null
# A verifier has the key by another way than the bundle.
cp data/keys/log.pub trusted.pub
"$mrv" recheck bundle.zip --trust trusted.pub > recheck.txt 2> /dev/null

# The daemon leaves in good order; the folder can be asked without it.
kill -TERM "$daemon"
wait "$daemon"
daemon=

query() { "$mrv" query "$1" | sed '/^([0-9]* rows\{0,1\})$/d'; }
# Of a closed period what fits beside the others; all of it is in period-*.txt.
period() {
    sed -n '/^Demonstration/p;/^period/p;/^tCO2e/,/^$/p;/^20[0-9][0-9]: /,/^$/p;/^items/p;/^report.pdf/p' \
        "period-$1.txt" | sed '/^$/d'
}
counts=$(query "
    SELECT project, COUNT(*) AS readings FROM readings GROUP BY project ORDER BY project")
conflicts=$(query "
    SELECT project, device, quantity, COUNT(*) AS conflicts FROM conflicts
    GROUP BY project, device, quantity ORDER BY project, device, quantity")
refused=$(query "
    SELECT project, code, COUNT(*) AS refused FROM refused
    GROUP BY project, code ORDER BY project, code")
"$mrv" log verify > log-verify.txt

cat <<TEXT

================ SIMULATED DATA: nothing below was measured anywhere ================
Accepted:
$counts
Conflicting (both values kept; a doubt until a person decides):
$conflicts
Refused (V-DUP duplicate, V-SCHEMA undecodable, V-CHANNEL not planned, V-TIME clock ahead,
V-MISSING declared as missing); the table refused has each with its reason and text:
$refused

$(period demo-solar)

$(period demo-chiller)

$(cut -d: -f1,2 log-verify.txt)
$(sed -n '1p' bundle.txt)
$(sed -n 's/^SHOWN:.*/its recheck: shown/p' recheck.txt)

Files, below $folder:
  data/tables/                  Parquet: messages, readings, conflicts, refused, intervals
  bundle.zip                    what a verifier receives of demo-solar; recheck.txt what a recheck says
  data/reports/                 report.pdf, report.html, report.xlsx, report.json of each period
  period-*.txt, gateway-*.txt   all that was printed; the defects that were placed, and when
  ask more: cd demo && $mrv query "SELECT * FROM refused LIMIT 5"
Simulated, indicative, not verified.
TEXT
