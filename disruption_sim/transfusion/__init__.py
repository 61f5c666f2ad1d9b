"""The transfusion laboratories, the red cells in their fridges, and the blood service."""

from disruption_sim.transfusion.service import Transfusion

__all__ = ["Transfusion"]
