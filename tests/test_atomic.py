"""Files and folders that appear whole or not at all, and take the place of nothing that is not theirs."""

import stat

import pytest

from helpers import atomic
from helpers.errors import UsageError

LIST = "_truth/files.csv"


def write(out, **files):
    with atomic.folder(out, listing=LIST) as place:
        (place / "_truth").mkdir(mode=0o700)
        for name, text in files.items():
            (place / f"{name}.csv").write_text(text, encoding="utf-8")


def held(out):
    return {
        path.relative_to(out).as_posix(): path.read_text(encoding="utf-8") for path in out.rglob("*") if path.is_file()
    }


def test_a_file_stands_there_whole_or_as_it_was(tmp_path):
    path = tmp_path / "deep" / "x.csv"
    with atomic.written(path) as staged:
        staged.write_text("first", encoding="utf-8")
    with pytest.raises(OSError, match="full"), atomic.written(path) as staged:
        staged.write_text("half", encoding="utf-8")
        raise OSError("full")
    assert held(tmp_path) == {"deep/x.csv": "first"}


def test_a_private_file_is_never_open_to_others(tmp_path):
    path = tmp_path / "restricted" / "x.csv"
    with atomic.written(path, private=True) as staged:
        assert stat.S_IMODE(staged.stat().st_mode) == 0o600
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)


def test_a_folder_takes_the_place_of_what_it_wrote_before(tmp_path):
    out = tmp_path / "zone"
    write(out, a="1", b="2")
    write(out, b="3", c="4")
    assert {name: text for name, text in held(out).items() if name != LIST} == {"b.csv": "3", "c.csv": "4"}
    assert [line.split(",")[0] for line in held(out)[LIST].split()] == ["file", "b.csv", "c.csv"]
    assert stat.S_IMODE((out / "_truth").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["a.csv", "notes.txt", "deep/d.csv"])
def test_a_file_that_a_person_put_there_or_changed_is_never_touched(tmp_path, name):
    out = tmp_path / "zone"
    write(out, a="1")
    (out / "deep").mkdir()
    (out / name).write_text("mine", encoding="utf-8")
    before = held(out)
    with pytest.raises(UsageError, match=rf"holds 1 file\(s\) .* such as {name}: name an empty folder"):
        write(out, b="2")
    assert held(out) == before


def test_what_fails_or_is_killed_on_the_way_leaves_the_folder_to_the_next_call(tmp_path):
    out = tmp_path / "zone"
    write(out, a="1")
    before = held(out)
    with pytest.raises(KeyboardInterrupt), atomic.folder(out, listing=LIST) as place:
        (place / "a.csv").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt
    assert held(out) == before
    # Killed: its own files are not tidied away, and are nobody's work.
    (out / ".under-way-x1").mkdir()
    (out / ".under-way-x1" / "a.csv").write_text("half", encoding="utf-8")
    # Killed between taking away the old and putting in the new.
    (out / "a.csv").unlink()
    write(out, a="2")
    assert set(held(out)) == {"a.csv", LIST}
    assert held(out)["a.csv"] == "2"
