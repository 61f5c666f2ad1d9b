"""What if: a planner's file becomes one frozen, checked ``Scenario``."""

from disruption_sim.scenario.faults import (
    CrossFault,
    CrossFaults,
    Fault,
    ScenarioError,
    ScenarioWarning,
)
from disruption_sim.scenario.loading import (
    built_in_scenarios,
    load_scenario,
    load_scenario_with_notes,
    scenario_source,
    with_overrides,
)
from disruption_sim.scenario.model import Scenario
from disruption_sim.scenario.parameters import Parameter, load_parameters
from disruption_sim.scenario.provenance import Provenance
from disruption_sim.scenario.writing import resolved_text, write_scenario

__all__ = [
    "CrossFault",
    "CrossFaults",
    "Fault",
    "Parameter",
    "Provenance",
    "Scenario",
    "ScenarioError",
    "ScenarioWarning",
    "built_in_scenarios",
    "load_parameters",
    "load_scenario",
    "load_scenario_with_notes",
    "resolved_text",
    "scenario_source",
    "with_overrides",
    "write_scenario",
]
