"""A command stops when told, whoever reads its output may leave early, and no character breaks it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import cli, paths, terminal

# Stands for a long stage: the query engine answers Ctrl-C with an error of its own, a worker waits in a child process.
BUSY = {
    "engine": "from helpers import engine\nwith engine.session() as con:\n    say()\n"
    "    con.raw_sql('select sum(sqrt(range)) from range(1000000000000)')",
    "python": "import time\nsay()\ntime.sleep(60)",
}
COMMAND = """
import signal
import sys
# Whoever runs the tests in the background, or under nohup, hands down signals that are ignored.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
from helpers import cli
def say():
    print("busy", flush=True)
def work(options):
{work}
options = cli._parser().parse_args(["check", "."])
options.command = work
cli._parser = lambda: type("P", (), {{"parse_args": lambda self, arguments: options}})()
sys.exit(cli.main([]))
"""


def started(work):
    code = COMMAND.format(work="\n".join(f"    {line}" for line in work.splitlines()))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout.readline() == "busy\n"
    time.sleep(0.3)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("busy", BUSY)
def test_a_command_that_is_told_to_end_says_so_in_one_line(busy, number):
    process = started(BUSY[busy])
    try:
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, said) == (1, "wuli check: stopped; what was published before is unchanged\n")


def test_handlers_are_put_back_and_what_is_ignored_stays_ignored():
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminal.stoppable() as is_told:
            assert signal.getsignal(signal.SIGTERM) is not before
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert not is_told()
        assert signal.getsignal(signal.SIGTERM) is before
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    folder = tmp_path_factory.mktemp("office")
    (folder / "片区.csv").write_text("片区编号,片区名称,工作站名称,专职联络员人数,联合支部编号\nA01,甲片区,甲站,2,\nA02,乙片区,乙站,1,\n", encoding="utf-8")
    return folder


def check(office, **options):
    wuli = [sys.executable, "-m", "helpers.cli", "check", str(office)]
    return subprocess.run(wuli, stderr=subprocess.PIPE, check=False, timeout=60, **options)


def test_a_reader_that_leaves_early_is_no_error(office):
    read, write = os.pipe()
    os.close(read)
    try:
        found = check(office, stdout=write)
    finally:
        os.close(write)
    assert (found.returncode, found.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_one_sentence(office):
    with Path("/dev/full").open("wb") as full:
        found = check(office, stdout=full)
    assert found.returncode == 1
    assert found.stderr.decode() == (
        "wuli check: cannot write to standard output: No space left on device; everything else is done\n"
    )


def test_a_terminal_without_chinese_characters_shows_their_codes(office):
    found = check(office, stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert found.returncode == 0
    assert b"Traceback" not in found.stderr
    assert found.stdout


def test_a_folder_that_may_not_be_looked_into_is_named(monkeypatch, capsys, tmp_path):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(paths.ROOT), "is_dir", refuse)
    assert cli.main(["check", str(tmp_path / "closed")]) == 1
    said = capsys.readouterr().err
    assert said == f"wuli check: '{tmp_path / 'closed'}': Permission denied: mend that and start again\n"
