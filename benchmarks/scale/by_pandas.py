"""The job written by hand in pandas: the folder of a run in, its tables out.

Whole columns at a time, text in Arrow, categories by code. Run as `python -m benchmarks.scale.by_pandas FOLDER`; prints
JSON.
"""

import json
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from benchmarks.measure import Stages

EXTRACT_ON = pd.Timestamp(2024, 12, 31)
FIRST_YEAR, LAST_YEAR = 2013, 2023
# The last years that the extract shows whole: published after 18 months, granted after 9.
COMPLETE = {"invention": 2022, "utility": 2023, "design": 2023}
TYPES = {"发明": "invention", "实用新型": "utility", "外观设计": "design"}
TYPE_DIGITS = {"1": "发明", "8": "发明", "2": "实用新型", "9": "实用新型", "3": "外观设计"}
# In the order of the text, in which the counts are sorted.
PATENT_TYPE = pd.CategoricalDtype(sorted(TYPES), ordered=True)
NO_PART_OF_A_KEY = "[^0-9A-Z一-鿿]"
LEGAL_FORM = "(股份有限公司|有限责任公司|有限公司|股份公司|集团公司|公司)$"
NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
FIRM = [
    "uscc", "industry_code", "industry_2digit", "above_scale", "control_type", "group_id", "area_id", "grid_id",
    "founded_on", "exit_on", "entry_year", "exit_year", "scale_since", "is_private", "is_analysable",
]  # fmt: skip
KEY = ["uscc", "year"]


def main(folder: Path) -> dict:
    """Make the tables of the run in `folder`; return what each stage took and the numbers found on the way."""
    timed = Stages()
    (folder / "clean").mkdir()
    codes, firms, filings, found = timed("clean", lambda: _clean(folder))
    counted, joins = timed("panel", lambda: _panel(firms, filings, folder))
    timed("counts", lambda: _write(counted[counted["uscc"].isin(codes)], folder / "counts.parquet"))
    joins["base"][:3] = [len(codes), None, len(firms)]
    return {"stages": timed.costs, "numbers": found | joins}


def _read(path: Path) -> pd.DataFrame:
    return parquet.read_table(path).to_pandas(types_mapper=NULLABLE.get)


def _write(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, compression="lz4", index=False)


def _clean(folder: Path) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame, dict[str, list[int]]]:
    firms = enterprises(_read(folder / "ingested" / "enterprises.parquet"))
    _check_order(firms["uscc"])
    _write(firms, folder / "clean" / "enterprises.parquet")
    of_firms = [
        len(firms), firms["is_private"].sum(), firms["is_private"].isna().sum(), firms["is_analysable"].sum(),
        firms["is_ever_analysable"].sum(), firms["founded_on"].isna().sum(), firms["is_exit_unknown"].sum(),
    ]  # fmt: skip
    codes, followed = firms["uscc"], firms.loc[firms["is_ever_analysable"], FIRM]
    # All other columns are let go of before the second table is read.
    del firms
    filings = patents(_read(folder / "ingested" / "patents.parquet"))
    _check_order(filings["application_no"])
    _write(filings, folder / "clean" / "patents.parquet")
    of_filings = [
        len(filings), (filings["publications"] > 1).sum(), (filings["publications"] - 1).sum(),
        (~filings["is_number_valid"]).sum(), filings["type_disagrees"].sum(), filings["uscc"].isna().sum(),
        (~filings["is_visible"]).sum(),
    ]  # fmt: skip
    found = {"enterprises": [int(count) for count in of_firms], "patents": [int(count) for count in of_filings]}
    # Codes as a category: grouping and looking up by text takes several times as long.
    owned = filings[["patent_type", "filing_year", "applicant_count"]].assign(uscc=filings["uscc"].astype("category"))
    return codes, followed, owned, found


def enterprises(firms: pd.DataFrame) -> pd.DataFrame:
    """Add match key, who is private, who is analysable, division of industry, years of entry and exit."""
    control, kind, industry = firms["control_type"], firms["reg_type"], firms["industry_code"]
    private = ~control.isin(["国有控股", "集体控股"]) & ~kind.isin(["国有控股", "个体工商户", "分支机构"])
    known = control.notna() | kind.notna()
    now = firms["above_scale"].isin(["规上工业", "限上批零", "限上住餐"])
    key = tidied(firms["name_zh"]).str.replace(LEGAL_FORM, "", regex=True)
    return firms.assign(
        name_key=key.mask(key == ""),
        is_private=private.astype("boolean").where(known),
        is_analysable=private & known & now,
        is_ever_analysable=private & known & (now | firms["scale_since"].notna()),
        industry_2digit=industry.str.slice(0, 2).where(industry.str.match("[0-9]{2}")),
        entry_year=firms["founded_on"].dt.year.astype("Int64"),
        exit_year=firms["exit_on"].dt.year.astype("Int64"),
        is_exit_unknown=firms["status"].isin(["注销", "吊销", "迁出"]) & firms["exit_on"].isna(),
    )


def tidied(names: pd.Series) -> pd.Series:
    """Return names in narrow capitals without blanks or marks; most are so already, and are only looked at."""
    odd = names.str.contains(NO_PART_OF_A_KEY)
    narrow = names[odd].str.normalize("NFKC").str.upper().str.replace(NO_PART_OF_A_KEY, "", regex=True)
    tidy = names.copy()
    tidy[odd] = narrow
    return tidy


def patents(filings: pd.DataFrame) -> pd.DataFrame:
    """Add the type that the number states, period of filing, owners named, and whether the extract can show it.

    Reading lets no other number through than one of 12 or 8 digits with letters before and a check digit behind it.
    """
    number = filings["application_no"].copy()
    odd = ~number.str.fullmatch("[0-9]{12}|[0-9]{8}")
    number[odd] = number[odd].str.extract("([0-9]{12}|[0-9]{8})", expand=False)
    size = number.str.len()
    digit = number.str.slice(4, 5).where(size == 12, number.str.slice(2, 3)).astype("category")
    stated = digit.map(TYPE_DIGITS).astype(PATENT_TYPE)
    kind = filings["patent_type"].astype(PATENT_TYPE)
    kind, differs = kind.fillna(stated), (kind != stated) & kind.notna() & stated.notna()
    seen_on = filings["published_on"].where(filings["patent_type"] == "发明", filings["granted_on"])
    filed = filings["filed_on"]
    return filings.assign(
        application_no=number,
        patent_type=kind,
        publications=1,
        type_from_number=stated,
        type_disagrees=differs,
        is_number_valid=size.isin([8, 12]),
        filing_year=filed.dt.year.astype("Int64"),
        filing_month=filed.to_numpy().astype("datetime64[M]").astype("datetime64[us]"),
        applicant_count=filings["applicants_raw"].str.count("[;；、]").fillna(0).astype("int64") + 1,
        is_visible=seen_on <= EXTRACT_ON,
    )


def _check_order(keys: pd.Series) -> None:
    if not len(keys) or keys.isna().any() or not (keys > keys.shift()).iloc[1:].all():
        raise ValueError(f"{keys.name}: a key repeats, is missing or comes out of order")


def _panel(firms: pd.DataFrame, filings: pd.DataFrame, folder: Path) -> tuple[pd.DataFrame, dict[str, list]]:
    grouped = filings.assign(share=1.0 / filings["applicant_count"]).rename(columns={"filing_year": "year"})
    grouped = grouped.groupby(["uscc", "year", "patent_type"], observed=True)["share"]
    counted = grouped.agg(patents="size", patents_fractional="sum").reset_index()
    years, filed = firm_years(firms), wide(counted)
    merged = years.merge(filed, on=KEY, how="left", validate="one_to_one", indicator="partner")
    matched = int((merged["partner"] == "both").sum())
    _write(panel(merged.drop(columns="partner")), folder / "panel.parquet")
    followed = years["uscc"].unique()
    inside = filings["uscc"][filings["uscc"].isin(followed)]
    return counted, {
        "base": [None, None, None, None, len(years)],
        "patents to firm-years": [len(years), len(filed), matched, len(filed) - matched, len(years)],
        "patents to firms": [len(followed), len(filings), inside.nunique(), len(filings) - len(inside), len(inside)],
    }


def firm_years(firms: pd.DataFrame) -> pd.DataFrame:
    """Return one row for every firm that the panel follows and every year in which it was in operation."""
    first = firms["entry_year"].fillna(FIRST_YEAR).clip(lower=FIRST_YEAR).to_numpy("int64")
    last = firms["exit_year"].fillna(LAST_YEAR).clip(upper=LAST_YEAR).to_numpy("int64")
    spans = firms.drop(columns="exit_year").assign(year=first)
    years = spans.loc[spans.index.repeat((last - first + 1).clip(min=0))]
    years["year"] += years.groupby(level=0).cumcount()
    ends = (years["year"].to_numpy() - 1969).astype("datetime64[Y]") - pd.Timedelta(days=1).to_numpy()
    status_on = pd.Series(ends.astype("datetime64[us]"), index=years.index).clip(upper=EXTRACT_ON)
    return years.assign(
        status_on=status_on,
        is_operating=years["exit_on"].isna() | (status_on < years["exit_on"]),
        age_years=years["year"] - years["entry_year"],
    )


def wide(counted: pd.DataFrame) -> pd.DataFrame:
    """Return a column a type: filings whole and by share, by firm and year."""
    # What counting has made unique needs no `pivot_table`, which would group it again.
    spread = counted.set_index([*KEY, "patent_type"]).unstack("patent_type", fill_value=0)  # noqa: PD010
    spread.columns = [f"patents_{TYPES[kind]}{value.removeprefix('patents')}" for value, kind in spread.columns]
    return spread.reset_index().astype({"uscc": "str"})


def panel(merged: pd.DataFrame) -> pd.DataFrame:
    """Return the joined firm-years with all columns; a count without a partner is 0."""
    whole = merged.groupby("uscc")["is_operating"].transform("sum") == LAST_YEAR - FIRST_YEAR + 1
    counts = {
        f"patents_{kind}{suffix}": merged[f"patents_{kind}{suffix}"].fillna(0).astype(dtype)
        for kind in TYPES.values()
        for suffix, dtype in (("", "int64"), ("_fractional", "float64"))
    }
    acquired = {f"patents_{kind}_acquired": 0 for kind in TYPES.values()}
    complete = {f"patents_{kind}_is_complete": merged["year"] <= last for kind, last in COMPLETE.items()}
    return merged.assign(**counts, **acquired, **complete, is_balanced=whole, is_balanced_with_figures=whole)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
