"""Run files and page parameters: YAML and `-p name=value` in, a frozen `RunParams` out; one strict model a page."""

from helpers.params.load import load
from helpers.params.model import FileData, RunParams, SyntheticData
from helpers.params.pages import PAGES, Page, page, page_values

__all__ = ["PAGES", "FileData", "Page", "RunParams", "SyntheticData", "load", "page", "page_values"]
