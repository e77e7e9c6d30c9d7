"""What leaves a finished page for papers: its tables read back, Word, LaTeX, and the PDF that Chromium prints."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile

import pandas as pd
import pytest
from nbformat.v4 import new_markdown_cell
from report_notebooks import executed, html, notebook

from helpers import cli, show
from helpers.disclosure.clearance import cleared
from helpers.errors import UsageError, WuliError
from helpers.models.export import latex
from helpers.report import execute, render
from helpers.report.export import _made_from, export, pdf, tables
from helpers.report.export import latex as latex_file
from helpers.report.export import word as word_file
from helpers.tables.labels import of_estimates
from helpers.text import LANGS, say

BANNER = {"zh": "本页数据为合成数据。", "en": "The data on this page are synthetic."}
FACTS = render.Facts(
    lang="zh", run="demo", study="zone", run_title={"zh": '题 "名"', "en": 'Title "name" </style>\\'},
    zone={"zh": "园区", "en": "Zone"}, period="2013–2023", as_of="2023-06-30", banner=BANNER, is_synthetic=True,
    parameters={"seed": "7"}, inputs=[{"table": "patents", "file": "专利.csv", "sha256": "0123456789abcdef9999"}],
    code={"commit": None, "hash": "feedface00000000aaaa"}, packages={"pandas": "3.1.1"}, seed=7, plan="0123456789ab",
    version="0.1.0",
)  # fmt: skip
INPUTS = [{"file": "a.csv", "sha256": "ab", "table": "patents"}]
MANIFEST = {"run": "demo", "inputs": INPUTS, "code": {"commit": None, "hash": "feedface0000aaaa"}}
MADE_FROM = "Run demo · data SHA-256 0123456789abcdef · code feedface0000"
WORDS = {
    "zh": {"name": "企业", "n": "人数", "title": "人数（单位：人）", "note": "不足 10 人的格隐去。"},
    "en": {"name": "Firm", "n": "Persons", "title": "Persons <5 & more", "note": "Cells under 10 are hidden."},
}


def shown_table(lang, kind=""):
    words = WORDS[lang]
    frame = pd.DataFrame({words["name"]: ["=cmd & <b>", "甲_公司", "@x"], words["n"]: ["<10", "*", "1,234"],
                          "p": [0.123, None, -0.5]})  # fmt: skip
    frame.attrs |= {"kind": kind} if kind else {}
    return show.table(cleared(frame), title=words["title"], note=words["note"], lang=lang).data


def many_columns(lang):
    frame = pd.DataFrame({f"{WORDS[lang]['name']} {at}": [f"word{at} " * 6] * 60 for at in range(10)})
    return show.table(cleared(frame), title=f"wide {lang}", lang=lang).data


def page(*cells, markdown=""):
    """Return a page whose first cell shows both languages' tables; each of `cells` is what one language shows."""
    made = executed(notebook("1"))
    parts = dict(zip(LANGS, cells, strict=True))
    shown = "\n".join(f'<div class="{lang}" lang="{render.TAGS[lang]}">{part}</div>' for lang, part in parts.items())
    next(cell for cell in made.cells if cell.source == "1").outputs = [html(shown)]
    if markdown:
        made.cells.append(new_markdown_cell(markdown))
    return numbered(render.render(execute.normalise(made), FACTS, name="10_data_quality.ipynb", parameters={}))


def numbered(found):
    """Give the captions the numbers that a page's two languages have where the kernel made both."""
    counts = dict.fromkeys(LANGS, 0)

    def number(match):
        lang = match[1]
        counts[lang] += 1
        words = {"zh": f"表 {counts[lang]}　", "en": f"Table {counts[lang]}. "}[lang]
        return match[0].split('<span class="number"')[0] + f'<span class="number" id="{lang}-table-{counts[lang]}">{words}</span>'

    return re.sub(r'(?<=<div class=")(zh|en)(?:(?!</div>).)*?<span class="number"[^>]*>[^<]*</span>', number, found, flags=re.DOTALL)


@pytest.fixture(scope="module")
def simple():
    return page(*(shown_table(lang, "regression") for lang in LANGS))


@pytest.fixture
def run(tmp_path, simple, monkeypatch):
    """Return the folder of a published run with one page that is there, one that failed and one without tables."""
    folder = tmp_path / "reports" / "demo"
    folder.mkdir(parents=True)
    (folder / "70_association.html").write_text(simple, encoding="utf-8")
    (folder / "20_bare.html").write_text(page("<p>一</p>", "<p>one</p>"), encoding="utf-8")
    pages = [{"stem": stem, "status": status} for stem, status in
             (("20_bare", "ok"), ("65_listed", "not_available"), ("70_association", "ok"), ("80_robustness", "failed"))]  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"pages": pages}), encoding="utf-8")
    monkeypatch.setenv("WULI_OUTPUT", str(tmp_path))
    return folder


@pytest.fixture
def no_chromium(monkeypatch):
    monkeypatch.setattr(pdf, "chromium", lambda: None)


@pytest.mark.parametrize(("lang", "number"), [("zh", "表 1"), ("en", "Table 1.")])
def test_a_table_comes_back_as_the_page_shows_it_with_its_hidden_cells(simple, lang, number):
    found = tables.read(simple, lang, name="70")
    assert found.banner == BANNER[lang]
    assert found.title == {"zh": "数据质量", "en": "Data quality"}[lang]
    (table,) = found.tables
    words = WORDS[lang]
    assert (table.number, table.title, table.note, table.kind) == (number, words["title"], words["note"], "regression")
    assert table.header == (words["name"], words["n"], "p")
    assert table.is_number == (False, True, True)
    assert table.rows == (("=cmd & <b>", "<10", "0.123"), ("甲_公司", "*", "–"), ("@x", "1,234", "−0.500"))


def test_a_table_of_both_languages_gives_each_its_own_words():
    cell = '<span class="zh" lang="zh-CN">企业 <b>甲</b></span><span class="en" lang="en">Firm <b>A<br>B</b></span>'
    both = (f'<figure class="table"><figcaption><span class="number" id="t">1 </span>{cell}</figcaption><table><thead>'
            f'<tr><th>{cell}</th><th class="n">n</th></tr></thead><tbody><tr><td>{cell}</td><td class="n">1\xa0…\xa02</td></tr>'
            '</tbody></table><p class="note"><span class="zh en">x &lt; y</span></p></figure>')  # fmt: skip
    made = page("", "").replace('<main id="text" tabindex="-1">', '<main id="text" tabindex="-1">' + both)
    assert both in made
    for lang, words in (("zh", "企业 甲"), ("en", "Firm AB")):
        (table,) = tables.read(made, lang, name="70").tables
        assert (table.title, table.header, table.rows) == (words, (words, "n"), ((words, "1\xa0…\xa02"),))
        assert table.note == "x < y"


def test_tables_behind_figures_and_at_the_foot_are_no_tables_of_the_page():
    behind = '<figure class="figure"><details class="behind"><table><tr><th>secret</th></tr></table></details></figure>'
    found = page(behind + shown_table("zh"), behind + shown_table("en"))
    assert "专利.csv" in found and "secret" in found
    (table,) = tables.read(found, "en", name="70").tables
    assert table.kind == ""
    assert "secret" not in str(table) and "专利.csv" not in str(table)


def test_merged_cells_and_pages_without_a_language_are_refused(simple):
    merged = simple.replace('<td class="n">0.123</td>', "")
    with pytest.raises(WuliError, match=r"70, Table 1\. Persons <5 & more: 1 of 3 rows have not the 3 cells"):
        tables.read(merged, "en", name="70")
    with pytest.raises(WuliError, match="70: the page does not hold 'en'"):
        tables.read(simple.replace('id="in-en"', ""), "en", name="70")


def test_what_a_function_of_estimates_returns_is_marked_on_the_page():
    @of_estimates
    def estimates(lang):
        """Doc."""
        return pd.DataFrame({"b": [1.5]})

    assert estimates.__doc__ == "Doc."
    marked = show.table(cleared(estimates("en")), title="t", lang="en").data
    assert marked.startswith('<figure class="table" data-kind="regression">')
    assert "data-kind" not in show.table(cleared(pd.DataFrame({"b": [1]})), title="t", lang="en").data.split("<figcaption>")[0]


@pytest.mark.parametrize("lang", LANGS)
def test_word_holds_every_table_with_caption_note_banner_and_where_it_is_from(simple, lang):
    docx = pytest.importorskip("docx", reason="python-docx writes and reads Word files")
    content = word_file.document(tables.read(simple, lang, name="70"), made_from=MADE_FROM)
    paper = docx.Document(io.BytesIO(content))
    (grid,) = paper.tables
    words, number = WORDS[lang], {"zh": "表 1", "en": "Table 1."}[lang]
    assert [[cell.text for cell in row.cells] for row in grid.rows] == [
        [words["name"], words["n"], "p"], ["=cmd & <b>", "<10", "0.123"], ["甲_公司", "*", "–"], ["@x", "1,234", "−0.500"],
    ]  # fmt: skip
    assert [p.text for p in paper.paragraphs[1:3]] == [f"{number} {words['title']}", words["note"]]
    section = paper.sections[0]
    assert section.header.paragraphs[0].text == BANNER[lang]
    assert MADE_FROM in section.footer.paragraphs[0].text
    assert [cell.paragraphs[0].alignment.name for cell in grid.rows[1].cells] == ["LEFT", "RIGHT", "RIGHT"]
    assert "w:tblHeader" in grid.rows[0]._tr.xml and "w:tblHeader" not in grid.rows[1]._tr.xml
    edges = {side: re.findall(rf'<w:{side} w:val="single"', grid._tbl.xml) for side in ("top", "bottom", "left", "right")}
    assert {side: len(found) for side, found in edges.items()} == {"top": 3, "bottom": 6, "left": 0, "right": 0}
    assert 'w:eastAsia="SimSun"' in paper.styles.element.xml


def test_word_lies_across_where_a_table_is_wide_and_fits_the_sheet():
    docx = pytest.importorskip("docx", reason="python-docx writes and reads Word files")
    found = tables.read(page(*map(many_columns, LANGS)), "en", name="70")
    paper = docx.Document(io.BytesIO(word_file.document(found, made_from="")))
    section = paper.sections[0]
    assert section.orientation.name == "LANDSCAPE" and section.page_width > section.page_height
    room = section.page_width - section.left_margin - section.right_margin
    assert sum(column.width for column in paper.tables[0].columns) == pytest.approx(room, rel=0.01)


def test_word_files_are_the_same_bytes_and_hold_no_moment_and_no_person(simple):
    pytest.importorskip("docx", reason="python-docx writes and reads Word files")
    made = [word_file.document(tables.read(simple, "en", name="70"), made_from=MADE_FROM) for _ in range(2)]
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0])) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        about = packed.read("docProps/core.xml").decode()
    assert re.findall(r">(\d{4}-[^<]*)<", about) == ["1980-01-01T00:00:00Z"] * 2
    assert "<dc:creator></dc:creator>" in about.replace("<dc:creator/>", "<dc:creator></dc:creator>")
    assert "python-docx" not in about


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("50 % & more_or^less~", r"50 \% \& more\_or\textasciicircum{}less\textasciitilde{}"),
        (r"a\x {y} #1 $2", r"a\textbackslash{}x \{y\} \#1 \$2"),
        ("−0.5 … +1.2", r"$-$0.5 \ldots{} +1.2"),
        ("<0.001 ≥ 5 ± 2", r"\textless{}0.001 $\ge$ 5 $\pm$ 2"),
        ("发明专利，R&D", r"发明专利，R\&D"),
        ("[0.03]", "{[}0.03{]}"),
        ("*", "{*}"),
        ("✓ a\x07b\nc", r"$\surd$ a b c"),
    ],
)
def test_latex_prints_every_sign_of_a_page(text, written):
    assert latex(text) == written


@pytest.mark.parametrize("lang", LANGS)
def test_latex_has_the_table_its_note_and_the_banner_and_names_what_it_needs(simple, lang):
    found = tables.read(simple, lang, name="70")
    source = latex_file.source(found, found.tables, stem="70_association", made_from=MADE_FROM)
    assert r"=cmd \& \textless{}b\textgreater{} & \textless{}10 & 0.123 \\" in source
    assert r"甲\_公司 & {*} & -- \\" in source and r"@x & 1,234 & $-$0.500 \\" in source
    assert rf"\label{{tab:70-association-{lang}-table-1}}" in source
    notes = source.split(r"\bottomrule")[1]
    assert WORDS[lang]["note"] in notes and BANNER[lang] in notes
    needs = [line for line in source.splitlines() if line.startswith("%")]
    assert f"% {MADE_FROM}" in needs and r"% \usepackage{array,booktabs,longtable}" in needs
    # A Chinese name stands in the English table too.
    assert any("ctex" in line for line in needs)
    assert r"\begin{tabular}{lrr}" in source


def test_latex_of_a_long_wide_table_wraps_and_goes_on_over_pages():
    found = tables.read(page(*map(many_columns, LANGS)), "en", name="70")
    source = latex_file.source(found, found.tables, stem="x", made_from="")
    assert "ctex" not in source
    assert source.count(r"\begin{longtable}") == source.count(r"\end{longtable}") == 1
    assert source.count(r"\endfirsthead") == source.count(r"\endhead") == 1
    shares = [float(share) for share in re.findall(r"\\dimexpr ([\d.]+)\\linewidth", source)]
    assert len(shares) == 10 and sum(shares) == pytest.approx(1, abs=0.01)
    assert sorted(re.findall(r"\\begin\{(\w+)\}", source)) == sorted(re.findall(r"\\end\{(\w+)\}", source))


def test_latex_compiles_where_there_is_a_latex(tmp_path, simple):
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex on the path: what it makes of the tables is not seen")
    ascii_only = simple.replace("甲_公司", "A_firm")
    found = [tables.read(made, "en", name="70") for made in (ascii_only, page(*map(many_columns, LANGS)))]
    for at, shown in enumerate(found):
        (tmp_path / f"t{at}.tex").write_text(latex_file.source(shown, shown.tables, stem="x", made_from=""))
    (tmp_path / "whole.tex").write_text(
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{array,booktabs,longtable}\begin{document}"
        r"\input{t0}\input{t1}\end{document}"
    )
    ran = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "whole.tex"], cwd=tmp_path,
                         capture_output=True, text=True, errors="replace", timeout=120)  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-2000:]


def test_the_hash_of_the_data_is_over_the_lines_of_all_files():
    told = _made_from(MANIFEST, "en")
    assert hashlib.sha256(b"ab  a.csv  patents\n").hexdigest()[:16] in told
    assert told.endswith("code feedface0000")


def test_without_chromium_word_and_latex_are_made_and_the_lack_is_told(run, no_chromium):
    made = export("demo", langs=LANGS)
    assert made.files == tuple(f"70_association.{lang}.{kind}" for lang in LANGS for kind in ("docx", "tex"))
    assert made.folder == run.with_name("demo.export")
    assert {path.name for path in made.folder.iterdir()} == {*made.files, "files.csv"}
    assert made.told[0] == "65_listed: left out, the run has no such page (not_available)"
    assert "no PDF: no Chromium was found" in made.told[-1]
    assert made.failed == ("80_robustness",)


def test_a_page_with_something_that_must_not_leave_is_not_exported(run, no_chromium):
    page_file = run / "70_association.html"
    page_file.write_text(page_file.read_text(encoding="utf-8").replace("甲_公司", "甲 13812345678"), encoding="utf-8")
    with pytest.raises(WuliError, match="70_association on paper is not written: the release scan found"):
        export("demo", langs=["en"], formats=["docx"])
    assert not (run.with_name("demo.export") / "files.csv").exists()


def test_a_pdf_that_is_asked_for_without_chromium_is_refused_and_nothing_written(run, no_chromium, capsys):
    assert cli.main(["export", "demo", "--pdf"]) == cli.FAILED
    assert "a PDF needs Chromium or Chrome, and none was found (chromium, " in capsys.readouterr().err
    assert not run.with_name("demo.export").exists()


def test_the_folder_holds_what_the_last_call_made_and_spares_what_others_put_there(run, no_chromium, tmp_path):
    export("demo", langs=LANGS, formats=["docx"])
    made = export(str(run), langs=["en"], formats=["latex"], only=["70"])
    assert sorted(path.name for path in made.folder.iterdir()) == ["70_association.en.tex", "files.csv"]
    (made.folder / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="put there or changed by hand"):
        export("demo", langs=["en"], formats=["latex"])


def test_the_command_tells_where_the_files_are_and_leaves_with_1_where_a_page_failed(run, no_chromium, tmp_path, capsys):
    out = tmp_path / "papers"
    assert cli.main(["export", "demo", "--only", "70", "--lang", "en", "--docx", "--out", str(out)]) == cli.DONE
    told = capsys.readouterr()
    assert told.out.strip() == str(out) and "1 file(s)" in told.err
    assert cli.main(["export", "demo", "--docx"]) == cli.FAILED
    assert cli.main(["export", "demo", "--only", "20", "--latex"]) == cli.FAILED
    assert "nothing to export as latex: no page of 20_bare holds such a table" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nowhere"], "'nowhere' is neither a published run nor the folder of one; there are demo"),
        (["demo", "--only", "7", "70"], "--only 7: no such page; there are 20_bare, "),
    ],
)
def test_a_run_or_page_that_does_not_exist_is_wrong_use(run, given, message, capsys):
    assert cli.main(["export", *given, "--docx"]) == cli.WRONG_USE
    assert message in capsys.readouterr().err


def test_a_named_chromium_must_exist_and_the_path_is_searched_by_name(tmp_path):
    with pytest.raises(UsageError, match="WULI_CHROMIUM is 'nowhere/chrome', which is no program"):
        pdf.chromium({"WULI_CHROMIUM": "nowhere/chrome"})
    assert pdf.chromium({"PATH": str(tmp_path)}) is None
    for name in ("google-chrome", "chromium-browser"):
        (tmp_path / name).touch(mode=0o755)
    assert pdf.chromium({"PATH": str(tmp_path)}) == str(tmp_path / "chromium-browser")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no display >&2; exit 3", r"\(exit code 3\); it said: no display"),
        ("exit 0", r"\(exit code 0\); it said: nothing"),
        ('for a; do case $a in --print-to-pdf=*) printf "%%PDF-1.4 (file:///x)" > "${a#*=}";; esac; done', "name a file of this"),
    ],
)
def test_a_printer_that_fails_or_names_the_machine_gives_no_pdf(tmp_path, script, message):
    program = tmp_path / "chromium"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(WuliError, match=message):
        pdf.printed("<p>", "en", head="", foot="", program=str(program), name="70")


def test_the_head_of_a_sheet_cannot_leave_its_style_sheet(simple):
    found = pdf._with_heads(simple, 'a "b" </style>\\\n名', "")
    assert found.count("</style>") == 2
    assert r'@top-left { content: "a\000020\000022b\000022\000020\00003c\00002fstyle\00003e\00005c\00000a名"; }' in found


def test_the_words_on_every_sheet_are_those_of_the_banner():
    css = (render.TEMPLATES / "page" / "page.css").read_text(encoding="utf-8")
    for kind in ("synthetic", "real"):
        for lang in LANGS:
            box = f'@page {kind}-{lang} {{ @top-right {{ content: "{say(f"page.{kind}", lang)}"; font-weight: bold; }} }}'
            assert box in css


def test_what_differs_between_two_printings_is_evened_out_without_moving_a_byte():
    printings = [b"/CreationDate (D:20261127141558+00'00')/ID (node00000670) /Headers [(node00000677) (node00000670)]",
                 b"/CreationDate (D:20270101000000+00'00')/ID (node00000009) /Headers [(node00000016) (node00000009)]"]  # fmt: skip
    evened = b"/CreationDate (D:19800101000000+00'00')/ID (node00000001) /Headers [(node00000002) (node00000001)]"
    assert [pdf._same_each_time(one) for one in printings] == [evened] * 2
    assert len(evened) == len(printings[0])


@pytest.fixture(scope="module")
def sheets():
    """Return the PDF of a page in each language, printed twice."""
    program = pdf.chromium()
    if program is None:
        pytest.skip("no Chromium on the path or in WULI_CHROMIUM: its PDF is not seen")
    link = '<p><a href="90_findings.html">on</a></p>'
    made = page(*(link + shown_table(lang) + many_columns(lang) for lang in LANGS))
    return {lang: [pdf.printed(made, lang, head='x "y"', foot=MADE_FROM, program=program, name="70") for _ in range(2)]
            for lang in LANGS}  # fmt: skip


def text_of(content, tmp_path, *options):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext (poppler) on the path: the text of a PDF is not seen")
    (tmp_path / "x.pdf").write_bytes(content)
    return subprocess.run(["pdftotext", *(options or ["-layout"]), "x.pdf", "-"], cwd=tmp_path, capture_output=True,
                          check=True).stdout.decode()  # fmt: skip


def test_a_pdf_is_tagged_has_bookmarks_language_and_title_and_is_the_same_twice(sheets):
    for lang, (first, second) in sheets.items():
        assert first == second
        assert b"/Marked true" in first and b"/StructTreeRoot" in first and b"/Outlines" in first
        assert f"/Lang ({render.TAGS[lang]})".encode() in first
        assert len(re.findall(rb"/Type /Page\b", first)) > 1
        assert set(re.findall(rb"/(?:Creation|Mod)Date \(D:(\d+)", first)) == {b"19800101000000"}
        assert b"file:" not in first and b"/tmp" not in first and b"wuli-pdf" not in first


def test_a_pdf_has_its_own_language_alone_and_says_synthetic_on_every_sheet(sheets, tmp_path):
    said = {lang: text_of(content, tmp_path) for lang, (content, _) in sheets.items()}
    assert BANNER["zh"] in said["zh"] and BANNER["zh"] not in said["en"]
    assert BANNER["en"] in said["en"] and BANNER["en"] not in said["zh"]
    for lang, word in (("zh", "合成数据"), ("en", "Synthetic data")):
        leaves = said[lang].rstrip("\f").split("\f")
        assert len(leaves) > 1
        for number, leaf in enumerate(leaves, 1):
            lines = leaf.strip().splitlines()
            assert lines[0].startswith('x "y"') and word in lines[0]
            assert MADE_FROM in lines[-1] and lines[-1].replace(" ", "").endswith(f"{number}/{len(leaves)}")


def test_a_printed_table_repeats_its_header_and_the_foot_its_hashes_and_code_is_left_out(sheets, tmp_path):
    said = text_of(sheets["en"][0], tmp_path)
    leaves = [leaf for leaf in said.split("\f") if "word3" in leaf]
    assert len(leaves) > 1
    assert all(re.search(r"Firm 3\s+Firm 4", leaf) for leaf in leaves)
    assert "0123456789abcdef" in said and "专利.csv" in said
    assert "Download CSV" not in said and "All pages" not in said and "中文" not in said


def test_no_word_of_a_wide_table_runs_off_the_sheet(sheets, tmp_path):
    found = text_of(sheets["en"][0], tmp_path, "-bbox")
    width = float(re.search(r'<page width="([\d.]+)"', found)[1])
    words = re.findall(r'<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)" yMax="[\d.]+">word9<', found)
    margin = 16 / 25.4 * 72
    assert width == pytest.approx(595, abs=1) and len(words) > 100
    assert all(margin - 1 < float(left) and float(right) < width - margin + 1 for left, right in words)
