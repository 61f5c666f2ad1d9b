"""Figures in a folder: four files each, the same bytes every time, nothing left open."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from matplotlib import pyplot

from disruption_sim.charts import CHARTS, save_all
from tests.charts.made_up_result import made_up_result

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders with the figures of one result."""
    first, second = (tmp_path_factory.mktemp("charts") / "charts" for _ in range(2))
    for folder in (first, second):
        save_all(made_up_result(weeks=8), folder)
    return first, second


def test_every_figure_has_its_picture_its_drawing_its_numbers_and_its_words(
    folders: tuple[Path, Path],
) -> None:
    expected = {f"{chart.name}.{kind}" for chart in CHARTS for kind in ("png", "svg", "csv", "txt")}
    assert {path.name for path in folders[0].iterdir()} == expected | {"phases.csv"}
    assert not pyplot.get_fignums()


def test_the_same_result_gives_the_same_bytes(folders: tuple[Path, Path]) -> None:
    for path in folders[0].iterdir():
        assert path.read_bytes() == (folders[1] / path.name).read_bytes(), path.name


def test_drawings_carry_their_words_and_no_date(folders: tuple[Path, Path]) -> None:
    for chart in CHARTS:
        drawing = (folders[0] / f"{chart.name}.svg").read_text(encoding="utf-8")
        words = (folders[0] / f"{chart.name}.txt").read_text(encoding="utf-8")
        assert "<dc:date>" not in drawing
        assert words.split(".")[0][:40].replace("&", "&amp;") in drawing
        assert "\N{NO-BREAK SPACE}" not in words
        assert "nan" not in words


def test_the_numbers_beside_a_figure_are_those_of_the_tables(folders: tuple[Path, Path]) -> None:
    result = made_up_result(weeks=8)
    table = pd.read_csv(folders[0] / "operations_backlog.csv")
    weekly = result.weekly
    expected = weekly[
        weekly["measure"].isin(["operations_backlog", "operations_backlog_hours"])
        & (weekly["arm"] == "disrupted")
        & (weekly["site"] == "all")
    ]
    assert table["mean"].tolist() == pytest.approx(expected["mean"].tolist())
    assert table["week_start"].iloc[0] == "2024-06-03"
