"""What a person has to decide, and what was decided: doubtful links out to a sheet with drop-downs, decisions back in.

Decisions are kept by name and code, never by row, so that they survive new deliveries; one that contradicts a code or
another decision stops the run.
"""

from pathlib import Path
from typing import Final

import pandas as pd
import xlsxwriter

from helpers import atomic
from helpers.cells import TEXT_ONLY, harmless, read_back, safe_frame
from helpers.errors import InputError
from helpers.link import names, records
from helpers.link.cascade import COLUMNS

LINK, NO_LINK = "link", "no_link"
DECISION_COLUMNS: Final = ["left_code", "left_name", "right_name", "decision", "reviewer_role", "decided_on", "reason"]
_NEEDED: Final = ["right_name", "left_name", "decision", "reviewer_role", "decided_on", "reason"]
REVIEWED: Final = "reviewed"
SHEET: Final = [
    "right_name", "left_name", "left_code", "why", "score", "decision", "reviewer_role", "decided_on", "reason",
]  # fmt: skip
_WIDTHS: Final = (38, 38, 22, 22, 8, 12, 18, 14, 40)
_CREATED: Final = pd.Timestamp("2023-01-01").to_pydatetime()


def read_decisions(path: Path) -> pd.DataFrame:
    """Read the file of decisions.

    Returns
    -------
    DataFrame
        `DECISION_COLUMNS` as text; no row where the file is missing.

    Raises
    ------
    InputError
        With every row that lacks a role, a day or a reason, decides neither `link` nor `no_link`, or contradicts
        another.
    """
    if not path.exists():
        return pd.DataFrame(columns=DECISION_COLUMNS, dtype="str")
    found = read_back(path)
    lacking = [name for name in _NEEDED if name not in found]
    if lacking:
        raise InputError(f"{path.name}: has no column {', '.join(lacking)}; expected {', '.join(DECISION_COLUMNS)}")
    found = found.reindex(columns=DECISION_COLUMNS, fill_value="")
    _check(found, path.name)
    return found


def _check(decisions: pd.DataFrame, name: str) -> None:
    problems = []
    rows = decisions.index + 2
    wrong = ~decisions["decision"].isin([LINK, NO_LINK])
    if wrong.any():
        problems.append(f"{_rows(rows[wrong])}: decision is neither {LINK} nor {NO_LINK}")
    for column in ("right_name", "left_name", "reviewer_role", "decided_on", "reason"):
        blank = decisions[column].str.strip() == ""
        if blank.any():
            problems.append(f"{_rows(rows[blank])}: {column} is blank")
    keyed = _keyed(decisions)
    both = keyed.groupby(["right_key", "left_key"])["decision"].transform("nunique") > 1
    if both.any():
        problems.append(f"{_rows(rows[both.to_numpy()])}: the same pair is decided both ways: keep one")
    linked = keyed[keyed["decision"] == LINK]
    firms = linked.groupby("right_key")["left_key"].nunique()
    several = keyed["right_key"].isin(firms.index[firms > 1]) & (keyed["decision"] == LINK)
    if several.any():
        problems.append(f"{_rows(rows[several.to_numpy()])}: one name is linked to several firms: keep one")
    if problems:
        raise InputError([f"{name}, {problem}" for problem in problems])


def _rows(rows: pd.Index) -> str:
    shown = ", ".join(str(row) for row in rows[:5])
    return f"row{'s' if len(rows) > 1 else ''} {shown}{f' and {len(rows) - 5} more' if len(rows) > 5 else ''}"


def _keyed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with `right_key` and `left_key`: the code where there is one, else the name."""
    left = names.normalised(table["left_name"]).fillna("")
    code = table["left_code"].fillna("").str.strip().str.upper() if "left_code" in table else ""
    return table.assign(right_key=names.normalised(table["right_name"]).fillna(""),
                        left_key=left.where(code == "", code))  # fmt: skip


def apply(found: pd.DataFrame, decisions: pd.DataFrame, *, codes: pd.Series | None = None) -> pd.DataFrame:
    """Put decisions in the place of doubts.

    Parameters
    ----------
    found : DataFrame
        From `cascade.link`.
    decisions : DataFrame
        From `read_decisions`.
    codes : Series, optional
        Left row -> credit code, where the register has one.

    Returns
    -------
    DataFrame
        As `found`: a decided candidate is a match with the reason `reviewed`; one that was refused is taken out, and
        a name without any candidate left has decision none and the reason `reviewed`.

    Raises
    ------
    InputError
        If a decision contradicts a link made without doubt: one of the two is wrong.
    """
    if decisions.empty or found.empty:
        return found
    coded = found["left_row"].map(codes) if codes is not None else pd.Series(pd.NA, index=found.index)
    rows = _keyed(found.assign(left_code=coded.to_numpy()))
    # Decisions may know the firm by its code or, before it was known, by its name.
    rows["name_key"] = names.normalised(found["left_name"]).fillna("").to_numpy()
    said = _keyed(decisions).drop_duplicates(["right_key", "left_key"]).set_index(["right_key", "left_key"])["decision"]
    by_code, by_name = (
        pd.Series(said.reindex(pd.MultiIndex.from_arrays([rows["right_key"], rows[key]])).to_numpy(), index=rows.index)
        for key in ("left_key", "name_key")
    )
    verdict = by_code.where(by_code.notna(), by_name)
    linked_elsewhere = rows["right_key"].isin(said.index[said == LINK].get_level_values(0)) & (verdict != LINK)
    against = (found["decision"] == "match") & ((verdict == NO_LINK) | linked_elsewhere)
    if against.any():
        pairs = [f"'{row.right_name}' is linked to '{row.left_name}' ({row.reason}) and decided otherwise"
                 for row in found[against].drop_duplicates(["right_name", "left_name"]).itertuples()]  # fmt: skip
        raise InputError(pairs)
    in_review = found["decision"] == "review"
    settled = in_review & (verdict == LINK)
    decided_names = found.loc[settled, "right_row"]
    out = found.copy()
    out.loc[settled, ["decision", "reason", "score"]] = ["match", REVIEWED, 1.0]
    gone = in_review & ~settled & ((verdict == NO_LINK) | found["right_row"].isin(decided_names))
    empty = found[gone].drop_duplicates(["right_row", "right_name"])
    kept = out[~gone]
    left_over = empty.merge(kept[["right_row", "right_name"]].drop_duplicates(), how="left", indicator=True)
    none = left_over[left_over["_merge"] == "left_only"][COLUMNS].assign(
        decision="none", reason=REVIEWED, left_row=pd.NA, left_name=None, score=float("nan")
    )
    parts = [part for part in (kept, none.astype({"left_row": "Int64"})) if len(part)]
    return pd.concat(parts, ignore_index=True).sort_values("right_row", kind="stable", ignore_index=True)


def doubtful(found: pd.DataFrame, *, codes: pd.Series | None = None) -> pd.DataFrame:
    """Return the pairs in review, each once and the likeliest first: as `cascade.link`, with left_code (or empty)."""
    pairs = found[found["decision"] == "review"].drop_duplicates(["right_name", "left_name"])
    pairs = pairs.sort_values(["score", "right_name", "left_name"], ascending=[False, True, True])
    code = pairs["left_row"].map(codes) if codes is not None else pd.Series(pd.NA, index=pairs.index)
    return pairs.assign(left_code=code.astype("object").where(code.notna(), ""))


def write_sheet(found: pd.DataFrame, path: Path, *, codes: pd.Series | None = None) -> int:
    """Write the doubtful links to an Excel sheet with drop-downs, each pair of names once; return their number."""
    pairs = doubtful(found, codes=codes)
    with atomic.written(path) as staged:
        workbook = xlsxwriter.Workbook(staged, {"in_memory": True, **TEXT_ONLY})
        workbook.set_properties({"created": _CREATED})
        sheet = workbook.add_worksheet("review")
        bold = workbook.add_format({"bold": True, "bg_color": "#E9ECEF", "bottom": 1})
        for place, (title, width) in enumerate(zip(SHEET, _WIDTHS, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, title, bold)
        for place, row in enumerate(pairs.itertuples(), start=1):
            cells = [row.right_name, row.left_name, row.left_code, row.reason]
            for column, cell in enumerate(cells):
                sheet.write_string(place, column, harmless(str(cell)))
            sheet.write_number(place, len(cells), float(row.score))
        last = max(1, len(pairs))
        sheet.data_validation(1, 5, last, 5, {"validate": "list", "source": [LINK, NO_LINK]})
        sheet.data_validation(1, 7, last, 7, {"validate": "date", "criteria": ">", "value": pd.Timestamp(
            "2000-01-01").to_pydatetime(), "ignore_blank": True})  # fmt: skip
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, last, len(SHEET) - 1)
        workbook.close()
    return len(pairs)


def take(sheet: Path, decisions: Path) -> int:
    """Add what is decided in a filled sheet to the file of decisions; return how many are new.

    Raises
    ------
    InputError
        As `read_decisions`, for the file and the sheet together: nothing is written then.
    """
    columns = {name: name for name in SHEET if name not in ("why", "score")}
    filled = records.table(sheet, columns).fillna("")
    filled = filled[filled["decision"].str.strip() != ""].reindex(columns=DECISION_COLUMNS)
    day = records.days(filled["decided_on"].where(filled["decided_on"] != ""))
    filled["decided_on"] = day.dt.strftime("%Y-%m-%d").fillna(filled["decided_on"])
    return add(filled, decisions, where=sheet.name)


def add(decided: pd.DataFrame, decisions: Path, *, where: str) -> int:
    """Add decisions to the file of decisions, those that it has already once; return how many are new.

    Raises
    ------
    InputError
        As `read_decisions`, for the file and `decided` (which stands in `where`) together: nothing is written then.
    """
    held = read_decisions(decisions)
    together = pd.concat([held, decided], ignore_index=True)
    pair = _keyed(together)[["right_key", "left_key", "decision"]].duplicated()
    together = together[~pair].reset_index(drop=True)
    _check(together, f"{decisions.name} with {where}")
    with atomic.written(decisions) as staged:
        safe_frame(together).to_csv(staged, index=False, encoding="utf-8", lineterminator="\n")
    return len(together) - len(held)
