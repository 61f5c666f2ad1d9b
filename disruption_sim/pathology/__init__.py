"""Samples through laboratories: the service other rooms see, and the compiled network below it."""

from disruption_sim.pathology.calendar import SimulationCalendar
from disruption_sim.pathology.service import Pathology

__all__ = ["Pathology", "SimulationCalendar"]
