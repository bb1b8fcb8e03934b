"""Spectra of any SSAP service as files of this machine."""

from spectrove.vo.fetch.folder import FetchReport, fetch
from spectrove.vo.fetch.http import Patience
from spectrove.vo.fetch.search import Question, SearchResult, search

__all__ = ["FetchReport", "Patience", "Question", "SearchResult", "fetch", "search"]
