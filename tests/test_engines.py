"""The same tables from DuckDB and from Spark, on rows made to tell the two apart."""

import shutil
from datetime import date
from importlib.util import find_spec

import pandas as pd
import pytest

from helpers import clean, codebook, engine, outcomes, panel, simulate
from helpers.clean.patents import patent_owners
from helpers.errors import UsageError

has_spark = find_spec("pyspark") is not None and shutil.which("java") is not None
needs_spark = pytest.mark.skipif(not has_spark, reason="pyspark or Java is not installed: pip install '.[spark]', Java 17")
EXTRACT_ON = date(2023, 6, 30)
# Nulls, an ideographic blank, a character of four bytes, a backslash.
ODD = [None, "恒安　纸业", "𬱖科技有限公司", "a\\b\\1"]


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    """Return the folder of a small zone as reading leaves it, with odd names among the firms and applicants."""
    folder = tmp_path_factory.mktemp("engines")
    zone = simulate.zone(seed=5, firms=400)
    book = codebook.load()
    for name, table in zone.tables.items():
        for column in ("name_zh", "applicants_raw"):
            if column in table:
                table.loc[table.index[: len(ODD)], column] = ODD
        layer = "restricted" if book[name].is_restricted else "ingested"
        (folder / layer).mkdir(exist_ok=True)
        rows = table.assign(source_file="f", source_sheet="", source_row=range(2, len(table) + 2))
        rows.to_parquet(folder / layer / f"{name}.parquet", index=False)
    return folder


def built(ingested, folder, backend):
    shutil.copytree(ingested, folder)
    clean.build(folder, codebook=codebook.load(), extract_on=EXTRACT_ON, backend=backend)
    panel.build(folder, extract_on=EXTRACT_ON, first_year=2015, last_year=2023, backend=backend)
    return {path.relative_to(folder).as_posix(): pd.read_parquet(path) for path in sorted(folder.rglob("*.parquet"))
            if path.parent.suffix != ".parquet" and path.parent.name != "ingested"}  # fmt: skip


@needs_spark
def test_spark_and_duckdb_build_the_same_tables(ingested, tmp_path):
    ours = built(ingested, tmp_path / "duckdb", "duckdb")
    theirs = built(ingested, tmp_path / "spark", "spark")
    assert set(ours) == set(theirs)
    for name, table in ours.items():
        assert list(table.columns) == list(theirs[name].columns), name
        left, right = (
            frame.astype("str").sort_values(list(frame.columns), ignore_index=True) for frame in (table, theirs[name])
        )
        pd.testing.assert_frame_equal(left, right, obj=name)


@needs_spark
def test_a_third_of_a_filing_is_the_same_number_on_both_engines(tmp_path):
    day = pd.Timestamp(2020, 5, 1)
    filings = pd.DataFrame({
        "application_no": ["202010000001"], "uscc": ["firm"], "applicant_count": [3], "patent_type": ["发明"],
        "filing_year": [2020], "filing_month": [day],
    })
    owners = pd.DataFrame({
        "application_no": ["202010000001"] * 3, "uscc": ["a", "b", "c"], "acquired_by": "申请", "share": [None] * 3,
        "acquired_on": [day] * 3, "source_file": "f", "source_sheet": "", "source_row": [2, 3, 4],
    }).astype({"share": "float64"})
    filings.to_parquet(tmp_path / "patents.parquet", index=False)
    owners.to_parquet(tmp_path / "owners.parquet", index=False)
    for backend in ("duckdb", "spark"):
        with engine.session(engine=backend) as con:
            alone = outcomes.ownership(engine.read(con, tmp_path / "patents.parquet")).execute()["share"]
            shared = patent_owners(engine.read(con, tmp_path / "owners.parquet")).execute()["share"]
        assert [type(share) for share in (*alone, *shared)] == [float] * 4, backend
        assert [*alone, *shared] == [1 / 3] * 4, backend


@pytest.mark.skipif(has_spark, reason="pyspark and Java are installed")
def test_spark_that_is_not_there_is_said_with_what_to_do():
    with pytest.raises(UsageError, match=r"engine 'spark' needs"), engine.session(engine="spark"):
        pass
