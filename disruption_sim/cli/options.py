"""Arguments and options that several verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

from disruption_sim.experiment.limits import LARGEST_SEED, MOST_REPLICATIONS

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="Name of a built-in, or path of a .yaml file.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set a value by its dotted key, over that of the file. Repeatable.",
    ),
]
ReplicationsOption = Annotated[
    int,
    typer.Option(
        "--replications",
        "-n",
        min=1,
        max=MOST_REPLICATIONS,
        help="Worlds; each is lived in both arms.",
    ),
]
SeedOption = Annotated[
    int, typer.Option(min=0, max=LARGEST_SEED, help="The same seed gives the same numbers.")
]
WorkersOption = Annotated[
    int | None, typer.Option(min=1, help="Processes. By default one for each physical core.")
]
HorizonOption = Annotated[
    int | None,
    typer.Option("--horizon-weeks", min=1, help="Weeks from the onset, over those of the file."),
]
