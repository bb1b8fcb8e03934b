"""Whether what we publish is what the Virtual Observatory's standards say, told by its own validators and clients."""

from spectrove.vo.check.findings import Finding
from spectrove.vo.check.services import check_files, check_services

__all__ = ["Finding", "check_files", "check_services"]
