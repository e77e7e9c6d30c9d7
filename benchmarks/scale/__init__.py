"""From reading's Parquet to clean tables, panel and counts, five times over: `python -m benchmarks.scale`.

Each implementation is run in a process of its own in a folder with `ingested/enterprises.parquet` and
`ingested/patents.parquet`: typed, in order of key, one row a filing. It writes `clean/enterprises.parquet`,
`clean/patents.parquet`, `panel.parquet` and `counts.parquet`, and prints what each stage took and the numbers of what
it found and joined.

inputs       the two tables that all begin with, at any size
by_project   the project's own, on DuckDB or on Spark
by_sql       by hand in SQL for DuckDB (`by_sql.sql`)
by_polars    by hand in Polars
by_pandas    by hand in pandas
sums         what one of them wrote, as numbers that must agree
growth       seconds by number of rows: how they grow, and where that leads
tell         the tables that are printed
"""
