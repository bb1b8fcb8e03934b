"""Features and metadata of many spectra, sealed in versions; and the files that could not be used, each with its reason."""

from spectrove.pool.direct import BatchSource, PoolReport, RowBatch, row_batch, write_pool
from spectrove.pool.info import pool_info
from spectrove.pool.ingest import IngestReport, ingest
from spectrove.pool.store import Pool
from spectrove.pool.work import IngestConfig

__all__ = [
    "BatchSource",
    "IngestConfig",
    "IngestReport",
    "Pool",
    "PoolReport",
    "RowBatch",
    "ingest",
    "pool_info",
    "row_batch",
    "write_pool",
]
