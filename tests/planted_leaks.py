"""Leaks of every kind, each hidden in every place: a value and a folder in, the file that carries it out.

Run as a script it prints the table of docs/release.md: what was planted where, and whether the scan found it.
"""

import base64
import gzip
import io
import json
import struct
import sys
import zipfile
import zlib
from html import escape
from pathlib import Path
from urllib.parse import quote

import xlsxwriter
from docx import Document
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from helpers.report.scan.folder import scan_folder
from helpers.report.scan.kinds import Known, check_character

SECRET = "Kq7-planted-secret-93bd"
PID = "3fa9c07d51e8b2466d0c9a1e"
_HOME = "/".join(["", "home", "zhang", "data", "members.csv"])
_ID = "35052419900307561"
KINDS = {
    "resident_id": _ID + check_character(_ID),
    "mobile_number": "13905951234",
    "email": "zhang.wei@qzkfq-party.cn",
    "person_pid": PID,
    "machine_path": _HOME,
    "environment_value": SECRET,
    "access_token": "ghp_" + "a1B2c3D4e5" * 4,
    "traceback": "Traceback (most recent call last)",
}
KNOWN = Known(pids=frozenset({PID[:12]}), secrets=(SECRET,))


def page(body: str) -> str:
    return f'<!DOCTYPE html>\n<html lang="en"><head><title>x</title></head>\n<body>\n{body}\n</body></html>\n'


def entities(value: str) -> str:
    return "".join(f"&#{ord(sign)};" for sign in value)


def escapes(value: str) -> str:
    return "".join(f"\\u{ord(sign):04x}" for sign in value)


def percents(value: str) -> str:
    return "".join(f"%{ord(sign):02X}" for sign in value)


def code64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def wide(value: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() or sign in "@." else sign for sign in value)


def zipped(value: str, name: str = "notes.txt") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, f"note: {value}\n")
    return buffer.getvalue()


def notebook(*, output: dict | None = None, metadata: dict | None = None, source: str = "1") -> str:
    cell = {"cell_type": "code", "id": "a", "metadata": metadata or {}, "source": [source], "execution_count": 1,
            "outputs": [output] if output else []}  # fmt: skip
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def shown(data: dict, metadata: dict | None = None) -> dict:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def png(*, text: tuple[str, str] | None = None, packed: bool = False, exif: bytes = b"", behind: bytes = b"") -> bytes:
    buffer, info = io.BytesIO(), PngInfo()
    if text:
        (info.add_itxt if packed == "itxt" else info.add_text)(*text, zip=bool(packed))
    Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info, **({"exif": exif} if exif else {}))
    return buffer.getvalue() + behind


def jpeg(comment: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "JPEG", comment=comment.encode())
    return buffer.getvalue()


def exif(value: str) -> bytes:
    found = Image.Exif()
    found[0x010E] = value
    return found.tobytes()


def xlsx(value: str, *, where: str) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("data")
        if where == "cell":
            sheet.write_string(3, 2, value)
        elif where == "comment":
            sheet.write_comment(1, 1, value)
        else:
            book.set_properties({"author": value})
    return buffer.getvalue()


def docx(value: str) -> bytes:
    buffer, document = io.BytesIO(), Document()
    paragraph = document.add_paragraph("Contact: ")
    paragraph.add_run(value[:5])
    paragraph.add_run(value[5:]).bold = True
    document.save(buffer)
    return buffer.getvalue()


def pdf(value: str) -> bytes:
    """Return a page that draws the value by numbers of glyphs, as browsers do, with the font's map of letters."""
    codes = {sign: place for place, sign in enumerate(dict.fromkeys(value), start=3)}
    drawn = "BT /F4 12 Tf " + " ".join(f"<{codes[sign]:04X}> Tj 7 0 Td" for sign in value) + " ET"
    pairs = "\n".join(f"<{code:04X}> <{ord(sign):04X}>" for sign, code in codes.items())
    letters = f"/CIDInit /ProcSet findresource begin\n{len(codes)} beginbfchar\n{pairs}\nendbfchar\nend"
    streams = [zlib.compress(part.encode()) for part in (drawn, letters)]
    objects = b"".join(
        f"{number} 0 obj\n<</Filter /FlateDecode /Length {len(part)}>> stream\n".encode() + part + b"\nendstream\nendobj\n"
        for number, part in enumerate(streams, start=1)
    )
    return b"%PDF-1.4\n" + objects + b"%%EOF\n"


def chunk_itxt(value: str) -> bytes:
    """Return a PNG whose text chunk is compressed, with a language and a translated keyword before it."""
    body = b"Comment\x00\x01\x00en\x00Comment\x00" + zlib.compress(value.encode())
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    plain = png()
    return plain[:33] + chunk + plain[33:]


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}<path d="M1 2L3 4"/></svg>'
_EMPTY = code64("x" * 40)
# What the place is called -> (name of the file, how the value stands in it).
PLACES = {
    "HTML: visible text": ("p.html", lambda v: page(f"<p>Contact: {escape(v)}.</p>")),
    "HTML: divided by tags": ("p.html", lambda v: page(f"<p>{v[:4]}<b>{v[4:7]}</b><!-- x -->{v[7:]}</p>")),
    "HTML: tooltip (title)": ("p.html", lambda v: page(f'<td title="{escape(v)}">x</td>')),
    "HTML: alt text": ("p.html", lambda v: page(f'<img alt="Chart by {escape(v)}" src="data:image/png;base64,{_EMPTY}">')),
    "HTML: aria-label": ("p.html", lambda v: page(f'<div aria-label="{escape(v)}">x</div>')),
    "HTML: data-* attribute": ("p.html", lambda v: page(f"<li data-owner='{v}'>x</li>")),
    "HTML: comment": ("p.html", lambda v: page(f"<!-- made for {v} -->")),
    "HTML: script": ("p.html", lambda v: page(f'<script>const owner = "{v}";</script>')),
    "HTML: JSON block, escaped": ("p.html", lambda v: page(f'<script type="application/json">{{"a": "{escapes(v)}"}}</script>')),
    "HTML: numeric entities": ("p.html", lambda v: page(f"<p>{entities(v)}</p>")),
    "HTML: entities in an attribute": ("p.html", lambda v: page(f'<a title="{entities(v)}">x</a>')),
    "HTML: percent-encoded link": ("p.html", lambda v: page(f'<a href="#q={percents(v)}">x</a>')),
    "HTML: zero-width characters inside": ("p.html", lambda v: page("<p>" + "\u200b".join(v) + "</p>")),
    "HTML: full-width characters": ("p.html", lambda v: page(f"<p>{wide(v)}</p>")),
    "HTML: base64 data URI": ("p.html", lambda v: page(f'<a href="data:text/plain;base64,{code64("id " + v)}">x</a>')),
    "HTML: percent-encoded data URI": ("p.html", lambda v: page(f'<img alt="x" src="data:image/svg+xml,{quote(SVG.format(f"<title>{v}</title>"))}">')),
    "HTML: base64 of base64": ("p.html", lambda v: page(f"<p>{code64(code64('see ' + v))}</p>")),
    "HTML: base64 of UTF-16": ("p.html", lambda v: page(f"<p>{base64.b64encode(v.encode('utf-16-le')).decode()}</p>")),
    "HTML: gzip in base64": ("p.html", lambda v: page(f'<script>load("{base64.b64encode(gzip.compress(v.encode())).decode()}")</script>')),
    "HTML: hexadecimal digits": ("p.html", lambda v: page(f"<p>{v.encode().hex()}</p>")),
    "HTML: PNG metadata in a data URI": ("p.html", lambda v: page(f'<img alt="x" src="data:image/png;base64,{base64.b64encode(png(text=("Author", v))).decode()}">')),
    "HTML: UTF-16 file": ("p.html", lambda v: page(f"<p>{v}</p>").encode("utf-16")),
    "SVG in HTML: title": ("p.html", lambda v: page(SVG.format(f"<title>{escape(v)}</title>"))),
    "SVG file: comment": ("f.svg", lambda v: SVG.format(f"<!-- {v} -->")),
    "SVG file: metadata": ("f.svg", lambda v: SVG.format(f"<metadata><creator>{v}</creator></metadata>")),
    "SVG file: id of an element": ("f.svg", lambda v: SVG.format(f'<g id="{escape(v)}"/>')),
    "notebook: output text": ("n.ipynb", lambda v: notebook(output={"output_type": "stream", "name": "stdout", "text": ["a\n", f"{v}\n"]})),
    "notebook: output metadata": ("n.ipynb", lambda v: notebook(output=shown({"text/plain": ["1"]}, {"source": {"by": v}}))),
    "notebook: cell metadata": ("n.ipynb", lambda v: notebook(metadata={"note": v})),
    "notebook: HTML output, entities": ("n.ipynb", lambda v: notebook(output=shown({"text/html": [f"<b>{entities(v)}</b>"]}))),
    "notebook: PNG output, metadata": ("n.ipynb", lambda v: notebook(output=shown({"image/png": base64.encodebytes(png(text=("Comment", v))).decode()}))),
    "notebook: code": ("n.ipynb", lambda v: notebook(source=f"# {v}")),
    "notebook: error output": ("n.ipynb", lambda v: notebook(output={"output_type": "error", "ename": "KeyError", "evalue": v, "traceback": [f"\x1b[31m{v}\x1b[0m"]})),
    "JSON: value": ("manifest.json", lambda v: json.dumps({"pages": [{"stem": "a", "note": v}]})),
    "JSON: name of a member": ("manifest.json", lambda v: json.dumps({"counts": {v: 1}})),
    "JSON: member given twice": ("manifest.json", lambda v: f'{{"note": "{v}", "note": "x"}}'),
    "JSON: base64 value": ("manifest.json", lambda v: json.dumps({"thumb": code64(f"made by {v}")})),
    "CSV attachment": ("t.csv", lambda v: f"firm,note\nA,x\nB,{v}\n"),
    "CSV: GB18030": ("t.csv", lambda v: f"企业,备注\n甲公司,电话 {v}\n".encode("gb18030")),
    "CSV: UTF-16": ("t.csv", lambda v: f"firm,note\nB,{v}\n".encode("utf-16")),
    "CSV: UTF-16 without a mark": ("t.csv", lambda v: f"firm,note\nB,{v}\n".encode("utf-16-le")),
    "text file (log)": ("logs/10.log", lambda v: f"INFO start\nWARN {v}\n"),
    "name of a file": (lambda v: "export " + v.replace("/", "%2F") + ".txt", lambda v: "x"),
    "PNG: tEXt": ("f.png", lambda v: png(text=("Author", v))),
    "PNG: zTXt (compressed)": ("f.png", lambda v: png(text=("Comment", v), packed=True)),
    "PNG: iTXt, compressed": ("f.png", chunk_itxt),
    "PNG: EXIF": ("f.png", lambda v: png(exif=exif(v))),
    "PNG: behind its end": ("f.png", lambda v: png(behind=f"\n{v}\n".encode())),
    "JPEG: comment": ("f.jpg", jpeg),
    "XLSX: cell": ("t.xlsx", lambda v: xlsx(v, where="cell")),
    "XLSX: comment of a cell": ("t.xlsx", lambda v: xlsx(v, where="comment")),
    "XLSX: document properties": ("t.xlsx", lambda v: xlsx(v, where="properties")),
    "DOCX: divided among runs": ("t.docx", docx),
    "PDF: drawn text, compressed": ("t.pdf", pdf),
    "ZIP: file within": ("a.zip", zipped),
    "ZIP in base64 in JSON": ("m.json", lambda v: json.dumps({"blob": base64.b64encode(zipped(v)).decode()})),
}  # fmt: skip


def plant(kind: str, place: str, folder: Path) -> Path:
    """Write the file in which a leak of `kind` is hidden in `place`."""
    name, content = PLACES[place]
    path = folder / (name(KINDS[kind]) if callable(name) else name)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = content(KINDS[kind])
    path.write_bytes(made if isinstance(made, bytes) else made.encode())
    return path


def table(folder: Path) -> str:
    """Return the table of planted leaks as Markdown: a row a place, a column a kind."""
    rows = ["| hidden in | " + " | ".join(kind.replace("_", " ") for kind in KINDS) + " |", "|---" * (len(KINDS) + 1) + "|"]
    for number, place in enumerate(PLACES):
        cells = []
        for kind in KINDS:
            here = folder / f"{number}-{kind}"
            plant(kind, place, here)
            cells.append("found" if any(one.kind == kind for one in scan_folder(here, KNOWN)) else "MISSED")
        rows.append(f"| {place} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(Path(sys.argv[1])))
