"""The labeling page: where people answer."""

from spectrove.web.app import create_app
from spectrove.web.config import PageConfig
from spectrove.web.serve import serve

__all__ = ["PageConfig", "create_app", "serve"]
