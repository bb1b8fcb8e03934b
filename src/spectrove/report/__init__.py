"""What a campaign knows, with its limits: one page that needs nothing else, the same as JSON; and how reports are drawn."""

from spectrove.report.glance import sentences
from spectrove.report.recovery import Injections
from spectrove.report.write import ReportFiles, render_report, write_report

__all__ = ["Injections", "ReportFiles", "render_report", "sentences", "write_report"]
