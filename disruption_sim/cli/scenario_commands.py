"""``scenarios`` and ``validate``."""

from __future__ import annotations

import typer

from disruption_sim.cli.input import input_faults_exit_2, loaded
from disruption_sim.cli.options import ScenarioArgument, SetOption

SCENARIOS_EXAMPLE = "Example: disruption-sim scenarios"
VALIDATE_EXAMPLE = "Example: disruption-sim validate my-hospital.yaml"


def scenarios() -> None:
    """List the built-in scenarios."""
    from disruption_sim.scenario import built_in_scenarios

    for name, title in built_in_scenarios().items():
        typer.echo(f"{name}  {title}")


def validate(scenario: ScenarioArgument, settings: SetOption = None) -> None:
    """Check a scenario and name every fault: file, line, key, and what is allowed."""
    with input_faults_exit_2():
        checked = loaded(scenario, settings or [])
    network, calendar = checked.network, checked.calendar
    typer.echo(f"{checked.name} is valid: {checked.title}")
    typer.echo(
        f"{len(network.sites)} hospital sites, {len(network.boroughs)} boroughs; "
        f"{calendar.horizon_weeks} weeks from {calendar.onset}; "
        f"{len(checked.disruptions)} disruptions, {len(checked.policies)} policies, "
        f"{len(checked.conditions)} conditions"
    )
