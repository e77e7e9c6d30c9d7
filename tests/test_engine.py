import errno

import duckdb
import pandas as pd
import pytest

from helpers import engine
from helpers.errors import InputError


@pytest.fixture
def con():
    with engine.session(threads=1, memory_limit="1GB") as connection:
        yield connection


@pytest.fixture
def rows(con, tmp_path):
    pd.DataFrame({"code": ["b", "a", "c"], "n": [1, 2, 3]}).to_parquet(tmp_path / "in.parquet")
    return engine.read(con, tmp_path / "in.parquet")


def test_rows_are_written_in_the_stated_order_and_counted(rows, tmp_path):
    assert engine.write(rows, tmp_path / "deep" / "out.parquet", order_by=["code"]) == 3
    assert pd.read_parquet(tmp_path / "deep" / "out.parquet")["code"].tolist() == ["a", "b", "c"]


def test_rows_that_come_in_order_of_a_key_are_written_as_they_are(con, rows, tmp_path):
    assert engine.write_as_it_comes(rows, tmp_path / "out.parquet", key=["n"]) == 3
    assert pd.read_parquet(tmp_path / "out.parquet")["code"].tolist() == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("code", "n", "is_in_order"),
    [
        (["a", "b", "b"], [1, 1, 2], True), (["a", "b", "b"], [3, 1, 2], True), ([], [], True), (["a"], [1], True),
        (["a", "b", "b"], [1, 2, 2], False), (["b", "a", "c"], [1, 2, 3], False), (["a", "b", "b"], [1, 2, 1], False),
        (["a", None, "b"], [1, 2, 3], False), (["a", "a", "b"], [1, None, 1], False),
    ],
)  # fmt: skip
def test_rows_whose_key_does_not_rise_are_not_written_as_they_come(con, tmp_path, code, n, is_in_order):
    frame = pd.DataFrame({"code": pd.array(code, dtype="str"), "n": pd.array(n, dtype="Int64")})
    frame.to_parquet(tmp_path / "in.parquet")
    given = engine.read(con, tmp_path / "in.parquet")
    written = engine.write_as_it_comes(given, tmp_path / "out.parquet", key=["code", "n"])
    assert written == (len(code) if is_in_order else None)
    assert [path.name for path in tmp_path.iterdir() if path.name != "in.parquet"] == ["out.parquet"] * is_in_order


def test_an_order_is_asked_for(rows, tmp_path):
    with pytest.raises(ValueError, match=r"out\.parquet: an order is needed"):
        engine.write(rows, tmp_path / "out.parquet", order_by=[])


def test_a_failed_write_leaves_what_was_there_and_nothing_beside_it(rows, tmp_path):
    target = tmp_path / "out.parquet"
    engine.write(rows, target, order_by=["code"])
    before = target.read_bytes()
    with pytest.raises(Exception, match="Conversion"):
        engine.write(rows.mutate(n=rows.code.cast("int64")), target, order_by=["code"])
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "out.parquet"]


def test_a_full_disk_is_the_systems_error_and_not_the_engines(rows, tmp_path, monkeypatch):
    def full(self, path, **_):
        raise duckdb.IOException(f'IO Error: Could not write file "{path}": No space left on device')

    monkeypatch.setattr(type(rows), "to_parquet", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*out\.parquet'") as stop:
        engine.write(rows, tmp_path / "out.parquet", order_by=["code"])
    assert stop.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_private_files_are_readable_by_the_owner_alone(rows, tmp_path):
    engine.write(rows, tmp_path / "restricted" / "out.parquet", order_by=["code"], private=True)
    engine.write_csv(pd.DataFrame({"k": [1]}), tmp_path / "restricted" / "out.csv", private=True)
    assert (tmp_path / "restricted").stat().st_mode & 0o777 == 0o700
    for name in ("out.parquet", "out.csv"):
        assert (tmp_path / "restricted" / name).stat().st_mode & 0o777 == 0o600


def test_a_missing_and_a_broken_file_are_named(con, tmp_path):
    with pytest.raises(InputError, match=r"gone\.parquet: no such file"):
        engine.read(con, tmp_path / "gone.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(InputError, match=r"broken\.parquet: cannot be read as Parquet"):
        engine.read(con, tmp_path / "broken.parquet")
