"""One figure per file, one function per figure, from one result."""

from disruption_sim.charts.gallery import CHARTS, Chart, Charts, save_all

__all__ = ["CHARTS", "Chart", "Charts", "save_all"]
