"""Run files and page parameters: YAML and `-p name=value` in, a frozen `RunParams` out; one strict model a page.

A notebook of one's own declares its model in its `parameters` cell (`own`).
"""

from helpers.params.load import load
from helpers.params.model import FileData, RunParams, SyntheticData
from helpers.params.own import own_page
from helpers.params.pages import PAGES, Page, page, page_values

__all__ = ["PAGES", "FileData", "Page", "RunParams", "SyntheticData", "load", "own_page", "page", "page_values"]
