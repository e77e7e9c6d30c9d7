"""Linkage by unified social credit code: clean tables in; how many rows of each match, and why the rest do not, out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers import engine
from helpers.cells import read_back
from helpers.clean.columns import PROVENANCE
from helpers.codebook import Codebook, load
from helpers.errors import InputError
from helpers.link.outcome import MATCHED, OUTCOMES, outcome_of

_COUNTED: Final = ["table", "column", "outcome", "k", "n", "share"]
_UNMATCHED: Final = ["table", "column", "code", "outcome", "key", *PROVENANCE]
_ANY_OWNER: Final = ("matched", "no_owner_in_register")


def by_code(con: ibis.BaseBackend, run_folder: Path, *, codebook: Codebook | None = None) -> pd.DataFrame:
    """Match every clean table that names an enterprise to the register, and write what was found.

    Writes `linkage.csv` (what is returned) and `linkage_unmatched.csv` (one row an unmatched row: table, column, code,
    outcome, its key and its place in the office's file).

    Parameters
    ----------
    con : ibis backend
        From `engine.session`.
    run_folder : Path
        The run's folder with `clean/`.
    codebook : Codebook, optional
        Says which columns refer to an enterprise; the project's own when left out.

    Returns
    -------
    DataFrame
        Key `table`, `column`, `outcome`, in this order: `k` rows of `n` with that outcome, `share` = k / n. Outcomes:
        `matched`; `matched_check_digit_fails` (the same code stands in the register, but fails its check digit: a
        warning); `no_code` (blank in the file); `code_set_aside` (reading found it unusable, so it is blank now);
        `damaged_code` (not 18 of the 31 characters); `check_digit_fails` and `not_in_register` (of no enterprise). They
        sum to n. Table `patents`, column `any_owner` counts filings with a matched applicant or owner.

    Raises
    ------
    InputError
        If `clean/enterprises.parquet` is missing.

    Notes
    -----
    A damaged code is never repaired by guessing and a failed check digit alone never breaks a match: 19 of 21 real
    codes of one class in Fujian fail it.
    """
    folder = Path(run_folder) / "clean"
    if not (folder / "enterprises.parquet").exists():
        raise InputError(
            "clean/enterprises.parquet is missing: without a register of enterprises nothing can be linked"
        )
    register = engine.read(con, folder / "enterprises.parquet").select(_register=lambda t: t.uscc)
    nulled = _nulled_codes(con, Path(run_folder) / "problems.csv")
    counts, unmatched = [], []
    for table, column, key in _references(folder, codebook or load()):
        rows = outcome_of(_rows(con, folder, table, column, key), register)
        found = rows.group_by("outcome").agg(k=rows.count()).to_pandas().set_index("outcome")["k"]
        if set(found.index) <= set(MATCHED):
            failed = pd.DataFrame(columns=_UNMATCHED)
        else:
            failed = _failed(rows, nulled, table, column)
            unmatched.append(failed)
        counts.append(_tidy(table, column, {**found[found.index.isin(MATCHED)], **failed["outcome"].value_counts()}))
    if (folder / "patents.parquet").exists():
        counts.append(_any_owner(con, folder, register))
    # A register alone has nothing to be linked with: the files are there, without rows.
    frame = pd.concat(counts or [pd.DataFrame(columns=_COUNTED)], ignore_index=True)
    engine.write_csv(frame, Path(run_folder) / "linkage.csv")
    failures = pd.concat(unmatched, ignore_index=True) if unmatched else pd.DataFrame(columns=_UNMATCHED)
    engine.write_csv(failures, Path(run_folder) / "linkage_unmatched.csv")
    return frame


def _references(folder: Path, codebook: Codebook) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (table.name, column.name, table.key)
        for table in codebook.tables.values()
        for column in table.columns
        if column.references == "enterprises.uscc" and (folder / f"{table.name}.parquet").exists()
    ]


def _rows(con: ibis.BaseBackend, folder: Path, table: str, column: str, key: tuple[str, ...]) -> ir.Table:
    rows = engine.read(con, folder / f"{table}.parquet")
    parts = [rows[name].cast("string").fill_null("") for name in key]
    return rows.select(
        key=ibis.literal(" ").join(parts), code=rows[column], **{name: rows[name] for name in PROVENANCE}
    )


def _nulled_codes(con: ibis.BaseBackend, ledger: Path) -> pd.DataFrame:
    """Return the places at which reading emptied a cell: table, column, source_file, source_sheet, source_row."""
    names = ["table", "column", *PROVENANCE]
    if not ledger.exists():
        return pd.DataFrame(columns=names)
    found = read_back(ledger)
    found = found[found["action"] == "nulled"].rename(
        columns={"file": "source_file", "sheet": "source_sheet", "row": "source_row"}
    )
    return found[names].drop_duplicates()


def _failed(rows: ir.Table, nulled: pd.DataFrame, table: str, column: str) -> pd.DataFrame:
    """Return the rows that do not match, a blank code told apart by whether reading had emptied it."""
    failed = rows.filter(~rows.outcome.isin(MATCHED)).order_by("key", *PROVENANCE).to_pandas()
    failed = failed.assign(table=table, column=column)[_UNMATCHED]
    here = nulled[(nulled["table"] == table) & (nulled["column"] == column)].assign(_emptied=True)
    places = failed[[*PROVENANCE]].astype({"source_row": "Int64"}).astype("str").fillna("")
    emptied = places.merge(here, on=[*PROVENANCE], how="left")["_emptied"].notna().to_numpy()
    blank = emptied & (failed["outcome"] == "no_code").to_numpy()
    return failed.assign(outcome=failed["outcome"].mask(blank, "code_set_aside"))


def _any_owner(con: ibis.BaseBackend, folder: Path, register: ir.Table) -> pd.DataFrame:
    patents = engine.read(con, folder / "patents.parquet")
    pairs = patents.select("application_no", code=patents.uscc)
    if (folder / "patent_owners.parquet").exists():
        owners = engine.read(con, folder / "patent_owners.parquet")
        pairs = pairs.union(owners.select("application_no", code=owners.uscc))
    linked = pairs.semi_join(register, pairs.code == register._register)
    n = int(patents.count().execute())
    k = int(patents.semi_join(linked, "application_no").count().execute())
    return _tidy("patents", "any_owner", {"matched": k, "no_owner_in_register": n - k}, known=_ANY_OWNER)


def _tidy(table: str, column: str, k: dict[str, int], *, known: Sequence[str] = OUTCOMES) -> pd.DataFrame:
    n = int(sum(k.values()))
    counts = [int(k.get(name, 0)) for name in known]
    shares = [count / n if n else float("nan") for count in counts]
    found = {"table": table, "column": column, "outcome": list(known), "k": counts, "n": n, "share": shares}
    return pd.DataFrame(found, columns=_COUNTED)
