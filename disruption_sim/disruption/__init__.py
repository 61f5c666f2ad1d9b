"""Outages, conditions and mitigations: what holds at time t."""

from disruption_sim.disruption.timeline import Timeline

__all__ = ["Timeline"]
