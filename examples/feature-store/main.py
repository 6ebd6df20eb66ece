"""feature-store: copy feature tables from PostgreSQL and an ODBC source into Parquet files.

Run `python main.py` with `FEATURES_POSTGRES` (a libpq connection string), `FEATURES_ODBC` (an ODBC connection string)
or both, and `FEATURES_OUT` for the folder. `python main.py --check` shows the drivers and copies nothing.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import psycopg2
import psycopg2.extensions
import pyarrow as pa
import pyarrow.parquet as pq
import pyodbc

QUERY = "SELECT customer_id, feature, value FROM features ORDER BY customer_id, feature"
COLUMNS = ["customer_id", "feature", "value"]
BATCH_ROWS = 10_000


def batches(cursor: Any) -> Iterator[Sequence[Sequence[Any]]]:  # noqa: ANN401 - any DB-API cursor will do
    """Yield the rows of a query in batches."""
    cursor.execute(QUERY)
    while rows := cursor.fetchmany(BATCH_ROWS):
        yield rows


def wide(rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """Turn (customer, feature, value) rows into one row for each customer."""
    frame = pl.DataFrame([tuple(row) for row in rows], schema=COLUMNS, orient="row")
    return frame.pivot(on="feature", index="customer_id", values="value").sort("customer_id")


def copy(connection: Any, target: Path) -> int:  # noqa: ANN401 - any DB-API connection will do
    """Copy the features of one source into `target`; return the number of customers."""
    with closing(connection), closing(connection.cursor()) as cursor:
        frame = wide([row for batch in batches(cursor) for row in batch])
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(frame.to_arrow(), target, compression="zstd")
    return frame.height


def check() -> None:
    """Print the versions of the drivers."""
    print(
        f"libpq {psycopg2.extensions.libpq_version()}, ODBC drivers: {', '.join(pyodbc.drivers()) or 'none'}"
    )
    print(f"polars {pl.__version__}, pyarrow {pa.__version__}")


def main(arguments: Sequence[str]) -> int:
    """Copy every source that the environment names."""
    if "--check" in arguments:
        check()
        return 0
    folder = Path(os.environ.get("FEATURES_OUT", "features"))
    sources = {"postgres": os.environ.get("FEATURES_POSTGRES"), "odbc": os.environ.get("FEATURES_ODBC")}
    connect = {"postgres": psycopg2.connect, "odbc": pyodbc.connect}
    for name, text in sources.items():
        if text:
            print(f"{name}: {copy(connect[name](text), folder / f'{name}.parquet')} customers")
    if not any(sources.values()):
        print("set FEATURES_POSTGRES or FEATURES_ODBC", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
