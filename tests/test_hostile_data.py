import csv
import html as html_module
import io
import re
import zipfile

import pandas as pd
import pytest
from hostile_names import HOSTILE
from page_policy import policy_faults
from report_notebooks import demo, executed, html, notebook, preparing

from helpers import cells, engine, ingest, show
from helpers.cells import harmless, plain_cell, read_back, safe_cell, safe_frame
from helpers.ingest import layers
from helpers.link import command, handcheck, review
from helpers.report import execute, render
from helpers.report.run import _facts

# What Excel, LibreOffice and WPS calculate.
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00]")
NUMBER = re.compile(r"[+-]?[\d,.]+%?")


def refuse_formulas(path):
    """Read a CSV file as a spreadsheet does; no cell may begin like a formula or hold a mark of direction."""
    text = path.read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert not [cell for row in rows for cell in row if FORMULA.match(cell) and not NUMBER.fullmatch(cell)]
    assert not DIRECTION.search(text)
    return rows


def refuse_workbook(path):
    """No cell of a workbook may hold a formula or a link, and no text a mark of direction."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist() if name.endswith((".xml", ".rels"))}
    sheets = "".join(text for name, text in parts.items() if name.startswith("xl/worksheets/"))
    assert "<f>" not in sheets
    assert "<hyperlink" not in sheets
    assert not any('TargetMode="External"' in text for text in parts.values())
    assert not DIRECTION.search(parts.get("xl/sharedStrings.xml", ""))
    return parts["xl/sharedStrings.xml"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_a_formula_in_a_spreadsheet_and_all_are_read_back_as_they_were(name):
    cell = safe_cell(name)
    assert not FORMULA.match(cell)
    assert plain_cell(cell) == harmless(name)


@pytest.mark.parametrize("text", ["-1.5", "+3", "-2,210.5", "12%", "-0.5%", "-1.2e-07", ".5", "甲公司", "a=b", "", "'甲'"])
def test_numbers_and_ordinary_texts_are_written_as_they_are(text):
    assert safe_cell(text) == text
    assert plain_cell(text) == text


def test_a_frame_is_made_safe_in_texts_categories_and_titles_and_keeps_everything_else():
    frame = pd.DataFrame({"=n": [-1, 2], "text": ["=1+1", None], "kind": pd.Categorical(["+a", "b"]), "any": ["@x", -2]})
    frame["any"] = frame["any"].astype(object)
    safe = safe_frame(frame)
    assert list(safe) == ["'=n", "text", "kind", "any"]
    assert safe["'=n"].tolist() == [-1, 2]
    assert safe["text"].tolist()[0] == "'=1+1"
    assert safe["text"].isna().tolist() == [False, True]
    assert safe["kind"].tolist() == ["'+a", "b"]
    assert safe["any"].tolist() == ["'@x", -2]
    assert frame["text"].tolist()[0] == "=1+1"


def test_what_every_csv_writer_of_the_engine_writes_is_no_formula_and_is_read_back(tmp_path):
    frame = pd.DataFrame({"name": HOSTILE, "n": range(len(HOSTILE))})
    engine.write_csv(frame, tmp_path / "a.csv")
    refuse_formulas(tmp_path / "a.csv")
    assert read_back(tmp_path / "a.csv")["name"].tolist() == [harmless(name) for name in HOSTILE]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    """Return what an office's file of firms with such names is read as, and where it is written."""
    folder = tmp_path_factory.mktemp("delivery")
    codes = ["9135058MA31KQ7Y1" + str(place) for place in range(len(HOSTILE))]
    with (folder / "企业名录.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["统一社会信用代码", "企业名称", "行业代码", "职工人数"])
        rows.writerows((code, name.replace("\x00", ""), name[:20].replace("\x00", ""), "=1+1") for code, name in zip(codes, HOSTILE, strict=True))
    found = ingest.read_folder(folder, codebook=layers_codebook(), person_key=b"k" * 32)
    out = tmp_path_factory.mktemp("run")
    layers.write(found, out)
    return out


def layers_codebook():
    from helpers import codebook

    return codebook.load()


def test_problems_and_rows_set_aside_of_a_hostile_delivery_hold_no_formula(delivered):
    files = sorted(delivered.rglob("*.csv"))
    assert "problems.csv" in [path.name for path in files]
    for path in files:
        refuse_formulas(path)
    assert any("cmd|" in path.read_text(encoding="utf-8-sig") for path in files)


def doubtful():
    found = pd.DataFrame({
        "left_row": pd.array(range(len(HOSTILE)), dtype="Int64"), "right_row": range(len(HOSTILE)), "decision": "review",
        "reason": "stem", "score": 0.5, "left_name": HOSTILE, "right_name": HOSTILE,
    })  # fmt: skip
    return found


def test_the_sheets_of_linkage_hold_texts_alone(tmp_path):
    assert review.write_sheet(doubtful(), tmp_path / "review.xlsx") == len(HOSTILE)
    assert "cmd|" in refuse_workbook(tmp_path / "review.xlsx")
    handcheck.write_sheet(doubtful(), tmp_path / "check.xlsx", size=50, seed=1)
    assert "cmd|" in refuse_workbook(tmp_path / "check.xlsx")


def test_a_file_of_links_holds_no_formula(tmp_path):
    names = [harmless(name) for name in HOSTILE]
    pd.DataFrame({"id": range(len(names)), "name": names, "place": "x"}).to_csv(tmp_path / "firms.csv", index=False)
    columns = {"name": "name", "code": None, "region": None, "address": None, "industry": None}
    command.run(tmp_path / "firms.csv", tmp_path / "firms.csv", tmp_path / "links.csv",
                left=columns, right={"name": "name"}, decisions=tmp_path / "none.csv")  # fmt: skip
    refuse_formulas(tmp_path / "links.csv")


def test_decisions_about_hostile_names_are_kept_and_read_back(tmp_path):
    name = "=cmd|' /C calc'!A0"
    decided = pd.DataFrame([("", name, name, "link", "reviewer", "2023-06-30", "@same")], columns=review.DECISION_COLUMNS)
    assert review.add(decided, tmp_path / "d.csv", where="sheet") == 1
    refuse_formulas(tmp_path / "d.csv")
    held = review.read_decisions(tmp_path / "d.csv")
    assert held[["left_name", "reason"]].to_numpy().tolist() == [[name, "@same"]]
    assert review.add(decided, tmp_path / "d.csv", where="sheet") == 0


def hostile_page(lang="en"):
    frame = pd.DataFrame({"firm": HOSTILE, "=1+1": range(len(HOSTILE))})
    shown = [
        show.table(frame, title=HOSTILE[0], lang=lang, note=HOSTILE[1]).data,
        show.sentences(HOSTILE).data,
        show.finding(HOSTILE[1]).data,
        show.text(HOSTILE[3]).data,
    ]
    made = executed(notebook("1"), *map(html, shown))
    run_params = demo(f"lang={lang}")
    facts = _facts(run_params, preparing()(run_params, lambda stage: None))
    return render.render(execute.normalise(made), facts, name="95_brief.ipynb", parameters={"firms": list(HOSTILE)})


def test_a_page_full_of_hostile_names_keeps_its_policy_and_shows_them_as_texts():
    page = hostile_page()
    assert not policy_faults(page)
    assert not DIRECTION.search(page)
    for name in HOSTILE:
        assert html_module.escape(harmless(name)).strip() in page
    assert "<img src=x" not in page
    assert page.count("<script>") == 1


def test_a_message_page_shows_a_hostile_reason_as_a_text():
    run_params = demo()
    facts = _facts(run_params, preparing()(run_params, lambda stage: None))
    for name in HOSTILE:
        lines = [dict.fromkeys(("zh", "en"), line) for line in f"KeyError: {name}".splitlines()]
        page = render.message({"zh": name.split("\n")[0], "en": "x"}, lines, facts, name="x.ipynb")
        assert not policy_faults(page), name
        assert page.count("<script>") == 1
        assert "<img src=x" not in page and "<iframe" not in page


def test_a_browser_runs_nothing_asks_nobody_and_shows_the_names_as_they_are_written(tmp_path):
    # Here, because it skips where there is no browser.
    from browser import launched

    (tmp_path / "p.html").write_text(hostile_page(), encoding="utf-8")
    asked, dialogs = [], []
    with launched() as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.goto((tmp_path / "p.html").as_uri())
        page.wait_for_timeout(300)
        shown = page.locator("main tbody th, main tbody td:first-child").all_text_contents()
        harm = page.evaluate("window.harm")
        tags = page.evaluate("document.querySelectorAll('main iframe, main script, main [onerror], main [onload]').length")
        with page.expect_download() as taken:
            page.locator("button.download").first.click()
        taken.value.save_as(tmp_path / "taken.csv")
    assert not dialogs
    assert harm is None
    assert tags == 0
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    for name in HOSTILE:
        assert harmless(name).strip() in [text.strip() for text in shown]
    refuse_formulas(tmp_path / "taken.csv")


STRICT = "default-src 'none'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'"


def with_policy(policy, body="<script>1</script>"):
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    return f"<html><head>{meta}</head><body>{body}</body></html>"


def hash_of(text):
    import base64
    import hashlib

    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_a_strict_policy_with_the_hash_of_the_page_s_own_script_passes():
    assert policy_faults(with_policy(STRICT.format(hash_of("1")))) == []


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (with_policy(""), "0 policies"),
        (with_policy(STRICT.format(hash_of("2"))), "<script> whose hash script-src does not name"),
        (with_policy(STRICT.format(hash_of("1")), ""), "hash(es) of no <script>"),
        (with_policy(STRICT.format(hash_of("1")).replace("'none'", "'self'", 1)), "default-src 'self'"),
        (with_policy(STRICT.format(hash_of("1")).replace("base-uri 'none';", "")), "base-uri is missing"),
        (with_policy(STRICT.format(hash_of("1")).replace("form-action 'none'", "form-action *")), "form-action *"),
        (with_policy(STRICT.format(hash_of("1")).replace("img-src", "style-src 'unsafe-inline'; img-src")), "'unsafe-inline'"),
        (with_policy(STRICT.format(hash_of("1") + "' 'unsafe-inline")), "script-src allows 'unsafe-inline'"),
        (with_policy(STRICT.format(hash_of("1") + "' data: 'sha256-x")), "script-src allows"),
        (with_policy(STRICT.format(hash_of("1")).replace("data:", "https:")), "img-src allows https:"),
        (with_policy(STRICT.format(hash_of("1")), '<script>1</script><p style="x">'), "style attribute"),
        ("<script>1</script>" + with_policy(STRICT.format(hash_of("1"))), "stands before the policy"),
    ],
)
def test_a_policy_that_lets_anything_in_is_named(page, fault):
    assert any(fault in one for one in policy_faults(page)), policy_faults(page)


def test_a_block_of_data_needs_no_hash():
    body = '<script>1</script><script type="application/json">{"a": 1}</script>'
    assert policy_faults(with_policy(STRICT.format(hash_of("1")), body)) == []


def test_workbooks_are_written_with_texts_that_stay_texts():
    assert cells.TEXT_ONLY == {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
