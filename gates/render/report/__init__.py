"""The report of one decision: one HTML file that needs nothing else."""

from gates.render.report.page import Report, html

__all__ = ["Report", "html"]
