"""Features and metadata of many spectra, sealed in versions; and the files that could not be used, each with its reason."""

from spectrove.pool.info import pool_info
from spectrove.pool.ingest import IngestReport, ingest
from spectrove.pool.store import Pool
from spectrove.pool.work import IngestConfig

__all__ = ["IngestConfig", "IngestReport", "Pool", "ingest", "pool_info"]
