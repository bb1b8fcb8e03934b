"""A campaign or a pool as a resource of DaCHS, the server that many data centers publish by."""

from spectrove.vo.dachs.export import DachsAbout, DachsContent, DachsExport, export_dachs

__all__ = ["DachsAbout", "DachsContent", "DachsExport", "export_dachs"]
