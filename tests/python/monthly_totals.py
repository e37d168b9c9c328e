#!/usr/bin/env python3
"""Monthly energy and monthly means of the real data sets, by a second route: SQL over the raw files.

    monthly_totals.py FOLDER        the folder with the raw files; prints JSON

Takes nothing from the program under test: neither its output nor its plans. It follows the written
rule in whole numbers (HUGEINT), never in floats:

- a value is quantised to micro-units, half-even;
- it holds for its span of time; spans are cut into quarter hours of UTC;
- energy of a quarter hour is sum(value x seconds) / 3600, quantised half-even once;
- the mean of a quarter hour is sum(value x seconds) / seconds covered, quantised half-even once;
- a month (local) is the sum of its energies, or the mean of its means weighted by seconds covered.

`exact` beside a mean is sum(value x seconds) / seconds over the whole month in one step: it shows
what the quantisation of quarter hours does to a month.
"""

import json
import sys
from pathlib import Path

import duckdb

MACROS = """
-- Towards minus infinity, as half-even needs it.
CREATE MACRO floor_div(n, d) AS CASE WHEN n >= 0 THEN n // d ELSE -((d - 1 - n) // d) END;
CREATE MACRO half_even(n, d) AS floor_div(n, d) + CASE
    WHEN 2 * (n - floor_div(n, d) * d) > d THEN 1
    WHEN 2 * (n - floor_div(n, d) * d) = d AND floor_div(n, d) % 2 <> 0 THEN 1
    ELSE 0 END;
CREATE MACRO micro(value) AS half_even(
    CAST(CAST(value AS DECIMAL(24, 12)) * CAST(1000000000000 AS DECIMAL(13, 0)) AS HUGEINT),
    CAST(1000000 AS HUGEINT));
-- Daylight saving of the United States since 2007, from the law and not from a zone database:
-- from the second Sunday of March, 02:00 standard time, to the first of November, 02:00 daylight time.
CREATE MACRO sunday_from(day) AS day + CAST((7 - dayofweek(day)) % 7 AS INTEGER);
CREATE MACRO spring(year) AS sunday_from(make_date(year, 3, 8)) + INTERVAL 2 HOUR;
CREATE MACRO autumn(year) AS sunday_from(make_date(year, 11, 1)) + INTERVAL 2 HOUR;
-- Offset of the Pacific coast, in hours behind UTC, of a UTC second.
CREATE MACRO pacific(second) AS CASE
    WHEN make_timestamp((second - 8 * 3600) * 1000000)
             >= spring(year(make_timestamp((second - 8 * 3600) * 1000000)))
     AND make_timestamp((second - 7 * 3600) * 1000000)
             < autumn(year(make_timestamp((second - 8 * 3600) * 1000000)))
    THEN 7 ELSE 8 END;
CREATE MACRO month_of(second) AS strftime(make_timestamp(second * 1000000), '%Y-%m');
"""

# Each leaves a table `spans` (channel, start, stop, value): seconds of UTC, micro-units; and `rows`.
KYOCERA = """
CREATE TABLE raw AS
SELECT row_number() OVER () AS line, strptime(DateTime, '%m/%d/%Y %H:%M') AS wall, RealPower
FROM read_csv('{folder}/ucsd_pv_kyocera_15min.csv', header = true, all_varchar = true);
CREATE TABLE stamped AS
SELECT wall, micro(RealPower) AS value,
    epoch(wall)::BIGINT + 3600 * CASE
        WHEN wall >= spring(year(wall)) AND wall < autumn(year(wall)) - INTERVAL 1 HOUR THEN 7
        -- Repeated hour: the file is newest first, so the first row of two is the later one.
        WHEN wall >= autumn(year(wall)) - INTERVAL 1 HOUR AND wall < autumn(year(wall))
        THEN CASE WHEN row_number() OVER (PARTITION BY wall ORDER BY line) = 1 THEN 8 ELSE 7 END
        ELSE 8 END AS stamp
FROM raw;
-- A stamp marks the end of its quarter hour.
CREATE TABLE spans AS
SELECT 'ucsd/kyocera/P' AS channel, stamp - 900 AS start, stamp AS stop, value FROM stamped;
CREATE TABLE rows AS SELECT 'ucsd_pv_kyocera_15min.csv' AS file, count(*) AS n FROM raw;
"""

TAEFC = """
CREATE TABLE raw AS
SELECT * FROM read_csv('{folder}/pv_inverter_TAEFC1044741.csv', header = true, all_varchar = true);
CREATE TABLE spans AS
SELECT concat_ws('/', site, sensor, meas_name) AS channel, epoch(CAST(ts AS TIMESTAMP))::BIGINT AS start,
    epoch(CAST(ts AS TIMESTAMP))::BIGINT + 300 AS stop, micro(meas_val_f) AS value
FROM raw WHERE CAST(meas_val_f AS DECIMAL(24, 12)) <> -1000000;
CREATE TABLE rows AS SELECT 'pv_inverter_TAEFC1044741.csv' AS file, count(*) AS n FROM raw;
"""

BARTECH = """
CREATE TABLE raw AS
SELECT parse_filename(filename) AS file, CAST(save_time AS BIGINT) AS stamp, micro(value) AS value
FROM read_csv('{folder}/chiller_bartech/*.csv', header = true, all_varchar = true, filename = true);
CREATE TABLE sensors (part TEXT, channel TEXT, longest BIGINT);
INSERT INTO sensors VALUES
    ('CDWRT_Entering_Condenser', 'ann-160/chiller-2/T_cool_in', 960),
    ('2_Leaving_Condenser', 'ann-160/chiller-2/T_cool_out', 960),
    ('CHWRT_Entering_Chilled', 'ann-160/chiller-2/T_chilled_in', 960),
    ('CHWST_Leaving_Chilled', 'ann-160/chiller-2/T_chilled_out', 960),
    ('Water_Flow', 'ann-160/chiller-2/Q_water', 360),
    ('2_Status', 'ann-160/chiller-2/running', 3720);
-- A value stands until the next one, at most `longest` seconds.
CREATE TABLE spans AS
SELECT channel, stamp AS start, value,
    least(stamp + longest, coalesce(lead(stamp) OVER (PARTITION BY file ORDER BY stamp), stamp + longest)) AS stop
FROM raw JOIN sensors ON contains(file, part);
CREATE TABLE rows AS SELECT file, count(*) AS n FROM raw GROUP BY file;
"""

QUARTERS = """
CREATE TABLE quarters AS
WITH pieces AS (
    SELECT channel, start, stop, value,
        unnest(range(start // 900, (stop - 1) // 900 + 1)) AS quarter
    FROM spans
)
SELECT channel, quarter,
    sum(value * (least(stop, (quarter + 1) * 900) - greatest(start, quarter * 900)))::HUGEINT AS level,
    sum(least(stop, (quarter + 1) * 900) - greatest(start, quarter * 900))::HUGEINT AS covered
FROM pieces GROUP BY channel, quarter;
"""

ENERGY = """
SELECT channel, month_of(quarter * 900 - {offset} * 3600) AS month,
    sum(half_even(level, 3600::HUGEINT))::HUGEINT AS micro, NULL AS exact
FROM quarters GROUP BY channel, month ORDER BY channel, month
"""

MEANS = """
SELECT channel, month_of(quarter * 900 - {offset} * 3600) AS month,
    half_even(sum(half_even(level, covered) * covered)::HUGEINT, sum(covered)::HUGEINT) AS micro,
    half_even(sum(level)::HUGEINT, sum(covered)::HUGEINT) AS exact
FROM quarters GROUP BY channel, month ORDER BY channel, month
"""

# Name, tables, monthly query, hours behind UTC.
SETS = [
    ("ucsd-kyocera", KYOCERA, ENERGY, "pacific(quarter * 900)"),
    ("taefc-inverter", TAEFC, ENERGY, "pacific(quarter * 900)"),
    ("bartech-chiller", BARTECH, MEANS, "-10"),
]


def decimals(micro):
    if micro is None:
        return None
    sign, whole = ("-", -micro) if micro < 0 else ("", micro)
    return f"{sign}{whole // 1_000_000}.{whole % 1_000_000:06}"


def data_set(folder, tables, query, offset):
    connection = duckdb.connect()
    # Rows keep the order of the file.
    connection.execute("SET threads = 1; SET preserve_insertion_order = true")
    connection.execute(MACROS)
    connection.execute(tables.format(folder=folder))
    overlaps = connection.execute(
        """SELECT count(*) FROM (SELECT start < lag(stop) OVER (PARTITION BY channel ORDER BY start)
           AS is_overlap FROM spans) WHERE is_overlap"""
    ).fetchone()[0]
    if overlaps:
        sys.exit(f"{overlaps} spans overlap: a quarter hour would count twice")
    connection.execute(QUARTERS)
    months = {}
    for channel, month, micro, exact in connection.execute(query.format(offset=offset)).fetchall():
        months.setdefault(channel, {})[month] = {"value": decimals(micro), "exact": decimals(exact)}
    rows = dict(connection.execute("SELECT file, n FROM rows ORDER BY file").fetchall())
    return {"rows": rows, "months": months}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    results = {name: data_set(folder, *rest) for name, *rest in SETS}
    json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
