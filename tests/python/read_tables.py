#!/usr/bin/env python3
"""Opens every table by a plain glob with DuckDB, polars and pyarrow, and compares what they see.

    read_tables.py DATA

Prints, as JSON, per table the number of rows and per column how many values are null and a sum: of
decimals exactly, of whole numbers, of microseconds for times, of lengths for texts and bytes. Exits 1
if the three readers disagree in any digit.
"""

import json
import sys
from decimal import Decimal, localcontext
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

TABLES = ["messages", "readings", "conflicts", "refused", "intervals"]


def files_of(data, table):
    return data / "tables" / table / "**" / "*.parquet"


def by_pyarrow(data, table):
    folder = data / "tables" / table
    rows, columns = 0, {}
    dataset = ds.dataset(folder, format="parquet", partitioning="hive")
    for batch in dataset.to_batches():
        rows += batch.num_rows
        for field, column in zip(batch.schema, batch.columns):
            kind, numbers = pyarrow_numbers(field.type, column)
            seen = columns.setdefault(field.name, {"kind": kind, "nulls": 0, "sum": Decimal(0)})
            seen["nulls"] += column.null_count
            with localcontext() as context:
                context.prec = 60
                seen["sum"] += sum((Decimal(n) for n in numbers.to_pylist() if n is not None), Decimal(0))
    return {"rows": rows, "columns": finish(columns)}


def pyarrow_numbers(kind, column):
    if pa.types.is_dictionary(kind):
        kind, column = kind.value_type, column.dictionary_decode()
    if pa.types.is_decimal(kind):
        return "value", column
    if pa.types.is_timestamp(kind):
        return "time", pc.cast(column, pa.int64())
    if pa.types.is_integer(kind):
        return "int", column
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "bytes", pc.binary_length(column)
    return "text", pc.binary_length(pc.cast(column, pa.string()))


def by_duckdb(data, table):
    connection = duckdb.connect()
    source = f"read_parquet('{files_of(data, table)}', hive_partitioning = true, hive_types_autocast = false)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    rows = connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0]
    columns = {}
    for name, kind, *_ in described:
        quoted = f'"{name}"'
        if kind.startswith("DECIMAL"):
            word, number = "value", f"CAST({quoted} AS DECIMAL(38, 6))"
        elif kind.startswith("TIMESTAMP"):
            word, number = "time", f"CAST(epoch_us({quoted}) AS HUGEINT)"
        elif kind == "BIGINT":
            word, number = "int", f"CAST({quoted} AS HUGEINT)"
        elif kind == "BLOB":
            word, number = "bytes", f"octet_length({quoted})"
        else:
            word, number = "text", f"strlen({quoted})"
        nulls, total = connection.execute(
            f"SELECT count(*) - count({quoted}), CAST(sum({number}) AS VARCHAR) FROM {source}"
        ).fetchone()
        columns[name] = {"kind": word, "nulls": nulls, "sum": Decimal(total or 0)}
    return {"rows": rows, "columns": finish(columns)}


def by_polars(data, table):
    frame = pl.scan_parquet(files_of(data, table), hive_partitioning=True, try_parse_hive_dates=False).collect()
    columns = {}
    for name in frame.columns:
        column, kind = frame[name], frame[name].dtype
        if isinstance(kind, pl.Decimal):
            word, total = "value", column.cast(pl.Decimal(38, 6)).sum()
        elif isinstance(kind, pl.Datetime):
            # 128 bits: microseconds of many rows go beyond 64.
            word, total = "time", column.dt.timestamp("us").cast(pl.Int128).sum()
        elif kind == pl.Int64:
            word, total = "int", column.cast(pl.Int128).sum()
        elif kind == pl.Binary:
            word, total = "bytes", column.bin.size().cast(pl.Int128).sum()
        else:
            word, total = "text", column.cast(pl.String).str.len_bytes().cast(pl.Int128).sum()
        columns[name] = {"kind": word, "nulls": column.null_count(), "sum": Decimal(total or 0)}
    return {"rows": frame.height, "columns": finish(columns)}


def finish(columns):
    """The columns by name; sums as plain digits."""
    return {
        name: {**seen, "sum": f"{seen['sum']:.6f}" if seen["kind"] == "value" else f"{seen['sum']:.0f}"}
        for name, seen in sorted(columns.items())
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = Path(sys.argv[1])
    results, differences = {}, []
    for table in TABLES:
        if not any((data / "tables" / table).glob("**/*.parquet")):
            results[table] = {"rows": 0, "columns": {}}
            continue
        seen = {reader.__name__: reader(data, table) for reader in (by_duckdb, by_polars, by_pyarrow)}
        results[table] = seen["by_duckdb"]
        for reader, result in seen.items():
            if result != results[table]:
                differences.append(f"{table}: {reader} sees {result}\n  by_duckdb sees {results[table]}")
    json.dump(results, sys.stdout, indent=1)
    if differences:
        sys.exit("the readers disagree\n" + "\n".join(differences))


if __name__ == "__main__":
    main()
