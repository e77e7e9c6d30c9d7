"""Published runs as their manifests tell them, made up: nothing is executed and nothing prepared."""

import json
from pathlib import Path
from typing import Any

from helpers import params, paths, plan
from helpers.report import manifest


def page(stem: str, status: str = "ok", *, finding: str = "", results: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "stem": stem, "status": status, "title": {"zh": f"页 {stem}", "en": f"page {stem}"},
        "finding": {"zh": f"结论：{finding}", "en": finding} if finding else {}, "reason": {}, "results": results or {},
    }  # fmt: skip


def made(run: str, *pages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the manifest that a run of the default zone would leave now; `changes` are parameters."""
    values = params.load(paths.RUN_FILES / "zone.yml", [f"run={run}"]).shown()
    return {
        "run": run, "finished_at": "2023-07-10T08:30:05+00:00", "parameters": {**values, **changes},
        "pages": list(pages) or [page("10_data_quality", finding="all read"), page("90_findings", finding="cannot tell")],
        "code": dict(manifest.code_version()), "plan": plan.load("zone").short_hash, "packages": {"numpy": "2.4.6"},
        "inputs": [], "counts": [], "prepared_from": {"parameters": "abc", "code": "def"},
    }  # fmt: skip


def put(content: dict[str, Any] | str, name: str = "", *, html: str = "") -> Path:
    """Publish a manifest (or what stands in its place) with an index and its pages, under `reports`."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    folder = paths.reports() / (name or json.loads(text)["run"])
    folder.mkdir(parents=True)
    (folder / manifest.MANIFEST_FILE).write_text(text, encoding="utf-8")
    (folder / "index.html").write_text("", encoding="utf-8")
    for told in content["pages"] if isinstance(content, dict) else ():
        (folder / f"{told['stem']}.html").write_text(html, encoding="utf-8")
    return folder
