"""The tables that were written and those that were read, side by side: each true record with the row it stands in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.codebook import Codebook, Column
from helpers.codebook.model import LIST_SEPARATOR
from helpers.simulate.layouts import layout_of

_TOLERANCE = 1e-6
"""Absolute, in 万元: one fen."""


@dataclass(frozen=True)
class Comparison:
    """What was written, what was planted, what was read and what the reader said.

    Attributes
    ----------
    faults, ledger : DataFrame
        As `plain` gives them; those of tables that were not read are left out by the caller.
    true, read : mapping of table name to DataFrame
    codebook : Codebook
    dirt : str
    """

    faults: pd.DataFrame
    ledger: pd.DataFrame
    true: Mapping[str, pd.DataFrame]
    read: Mapping[str, pd.DataFrame]
    codebook: Codebook
    dirt: str

    @cached_property
    def names(self) -> list[str]:
        """Return the tables that were both written and read."""
        return [name for name in self.true if name in self.read]

    @cached_property
    def _faults_of(self) -> dict[str, pd.DataFrame]:
        return dict(list(self.faults.groupby("table", sort=False)))

    def faults_of(self, name: str) -> pd.DataFrame:
        """Return the faults planted in one table."""
        return self._faults_of.get(name, self.faults.iloc[:0])

    def rows(self, name: str) -> np.ndarray:
        """Return for each true record its 1-based row in the file; repeated rows stand between them."""
        length = len(self.true[name])
        first = layout_of(self.codebook[name], length, self.dirt).first_row
        mine = self.faults_of(name)
        inserted = mine.loc[mine["related_row"].notna(), "row"]
        return np.setdiff1d(np.arange(first, first + length + len(inserted)), inserted)

    def positions(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Return where rows of the file stand in the table that was read, -1 if they do not."""
        return pd.Index(self.read[name]["source_row"].astype("int64")).get_indexer(rows)

    def columns(self, name: str) -> list[Column]:
        """Return the columns that were both written and read."""
        both = set(self.true[name].columns) & set(self.read[name].columns)
        return [column for column in self.codebook[name].columns if column.name in both]

    @cached_property
    def pseudonyms(self) -> pd.Series:
        """Return the one pseudonym that each person's id has in the clean cells of all tables."""
        pairs = [pd.DataFrame({"id": pd.Series(dtype="str"), "other": pd.Series(dtype="str")})]
        for name in self.names:
            rows, mine = self.rows(name), self.faults_of(name)
            at = self.positions(name, rows)
            for column in self.columns(name):
                if column.type == "person_id":
                    is_clean = (at >= 0) & ~np.isin(rows, mine.loc[mine["column"] == column.name, "row"])
                    ids = self.true[name][column.name].astype("str")[is_clean]
                    other = self.read[name][column.name].astype("str").iloc[at[is_clean]]
                    pairs.append(pd.DataFrame({"id": ids.to_numpy(), "other": other.to_numpy()}))
        counts = pd.concat(pairs, ignore_index=True).value_counts().reset_index()
        usual = counts.drop_duplicates("id").set_index("id")["other"]
        return usual[~usual.duplicated(keep=False)]

    def same(self, name: str, column: Column, at: np.ndarray) -> np.ndarray:
        """Tell for each true record with a place `at` >= 0 whether a column was read as it is.

        A person who stands in no clean cell may have any pseudonym but another person's.
        """
        wanted = self.true[name][column.name].iloc[np.flatnonzero(at >= 0)].reset_index(drop=True)
        found = self.read[name][column.name].iloc[at[at >= 0]].reset_index(drop=True)
        missing = wanted.isna().to_numpy(), found.isna().to_numpy()
        both = missing[0] & missing[1]
        if column.type in ("integer", "year", "decimal", "boolean"):
            numbers = (values.to_numpy(dtype=float, na_value=np.nan) for values in (wanted, found))
            return both | np.isclose(*numbers, rtol=1e-9, atol=_TOLERANCE)
        if column.type in ("date", "datetime"):
            return both | (wanted.to_numpy("datetime64[s]") == found.to_numpy("datetime64[s]"))
        wanted, found = wanted.astype("str"), found.astype("str")
        if column.type == "set":
            wanted, found = (values.map(_sorted, na_action="ignore") for values in (wanted, found))
        if column.type == "person_id":
            wanted = wanted.map(self.pseudonyms)
            wanted = wanted.where(wanted.notna() | found.isin(self.pseudonyms), found)
        return both | (~missing[0] & ~missing[1] & (wanted == found).fillna(False).to_numpy(dtype=bool))

    def handled(self) -> np.ndarray:
        """Tell for each fault whether the table that was read shows what should have been done about it."""
        handled = np.zeros(len(self.faults), dtype=bool)
        for name, mine in self._faults_of.items():
            at = self.positions(name, mine["row"].to_numpy())
            action = mine["expected_action"].to_numpy()
            result = np.where(action == "set_aside", at < 0, (action == "flagged") & (at >= 0))
            rows = self.rows(name)
            places = self.positions(name, rows)
            for column in self.columns(name):
                here = (mine["column"] == column.name).to_numpy() & (at >= 0) & np.isin(action, ["repaired", "nulled"])
                if here.any():
                    same = pd.Series(self.same(name, column, places), index=rows[places >= 0])
                    is_null = self.read[name][column.name].isna().to_numpy()[at[here]]
                    mended = same.reindex(mine["row"][here]).to_numpy()
                    result[here] = np.where(action[here] == "nulled", is_null, mended)
            handled[mine.index] = result
        return handled

    def silent_changes(self) -> pd.DataFrame:
        """Return the clean cells read as something else without an entry: `table`, `row`, `column`.

        A record that is neither read nor set aside stands once, with an empty `column`.
        """
        kinds = {"table": "str", "row": "int64", "column": "str"}
        parts = []
        for name in self.names:
            mine, rows = self.faults_of(name), self.rows(name)
            entries = self.ledger[(self.ledger["table"] == name) & (self.ledger["action"] != "reported")]
            at = self.positions(name, rows)
            lost = np.setdiff1d(rows[at < 0], entries.loc[entries["action"] == "set_aside", "row"])
            parts.append(pd.DataFrame({"table": name, "row": lost, "column": ""}))
            for column in self.columns(name):
                wrong = rows[at >= 0][~self.same(name, column, at)]
                if len(wrong):
                    known = _touching(entries, column.name)["row"], mine.loc[mine["column"] == column.name, "row"]
                    silent = np.setdiff1d(wrong, np.concatenate(known))
                    parts.append(pd.DataFrame({"table": name, "row": silent, "column": column.name}))
        empty = pd.DataFrame({name: [] for name in kinds}).astype(kinds)
        return pd.concat([part for part in parts if len(part)] or [empty], ignore_index=True)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a manifest or ledger as it is before and after a way through CSV: empty texts, whole rows."""
    texts = {name: frame[name].astype("str").fillna("") for name in frame if name not in ("row", "related_row")}
    return frame.assign(**texts, row=frame["row"].fillna(0).astype("int64"))


def _touching(entries: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the findings about a column, alone or among others."""
    padded = LIST_SEPARATOR + entries["column"] + LIST_SEPARATOR
    return entries[padded.str.contains(f"{LIST_SEPARATOR}{column}{LIST_SEPARATOR}", regex=False)]


def _sorted(members: str) -> str:
    return LIST_SEPARATOR.join(sorted(members.split(LIST_SEPARATOR)))
