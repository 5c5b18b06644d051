import dataclasses
import re
import statistics

import keras
import numpy as np
import pytest
from conftest import recorded_rows, recorded_runs

import dcgan_helpers as dcgan
from tools.address import ROOT
from tools.notebooks import read


def test_recipes_are_the_tutorials_and_the_one_that_was_measured():
    settings = {name: list(vars(recipe).values()) for name, recipe in dcgan.RECIPES.items()}
    assert settings == {
        "tutorial": [256, 1e-4, 1e-4, 0.9, 0.3, "float32", None, None, 2],
        "quick": [16, 1e-3, 5e-4, 0.0, 0.0, None, 5.0, 0.1, 2],
        "colour": [16, 1e-3, 5e-4, 0.0, 0.0, None, 5.0, None, None],
    }


def test_quick_recipe_has_the_same_networks():
    quick, tutorial = dcgan.DCGAN(recipe="quick"), dcgan.DCGAN()
    for name in ("generator", "discriminator"):
        for a, b in zip(
            *(getattr(gan, name).get_weights() for gan in (quick, tutorial)), strict=True
        ):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("recipe", list(dcgan.RECIPES))
def test_recipe_decides_the_settings(recipe):
    gan, settings = dcgan.DCGAN(recipe=recipe, dtype="float32"), dcgan.RECIPES[recipe]
    for optimizer, rate in (
        (gan.generator_optimizer, settings.generator_learning_rate),
        (gan.discriminator_optimizer, settings.discriminator_learning_rate),
    ):
        assert float(optimizer.learning_rate) == pytest.approx(rate)
        assert optimizer.beta_1 == settings.beta_1
    assert (gan.ema is not None) == (settings.ema_gamma is not None)
    dropout = [x for x in gan.discriminator.layers if isinstance(x, keras.layers.Dropout)]
    assert {layer.rate for layer in dropout} == {settings.dropout}


def test_recipe_of_ones_own():
    recipe = dataclasses.replace(dcgan.RECIPES["tutorial"], batch_size=4, ema_gamma=2)
    gan = dcgan.DCGAN(recipe=recipe)
    assert gan.recipe.batch_size == 4
    assert len(gan.ema.weights) == len(gan.generator.trainable_variables)
    assert recipe == dataclasses.replace(recipe, ema_gamma=2.0)
    assert str(recipe) == str(dataclasses.replace(recipe, ema_gamma=2.0))
    assert "batch_size=4" in gan.history.config["recipe"]
    assert dcgan.DCGAN(recipe=dcgan.RECIPES["quick"]).history.config["recipe"] == "quick"


@pytest.fixture(scope="module")
def medians():
    """Of each run after so many seconds: how many seeds, and the medians as the book has them."""
    runs = recorded_runs()
    return {key: (len({row["seed"] for row in rows}), *printed(rows)) for key, rows in runs.items()}


def printed(rows):
    forms = {"frechet_distance": ".0f", "precision": ".2f", "recall": ".2f"}
    return [
        format(statistics.median(row[name] for row in rows), how) for name, how in forms.items()
    ]


@pytest.fixture(scope="module")
def chapter():
    return {cell.id: cell.source for cell in read(ROOT / "book/09-recipes.ipynb").cells}


def test_chapter_states_what_was_measured_with_each_change_undone(medians, chapter):
    table = re.findall(
        r"^\| ([^|]+) \| (\d+) s \| (.+) \|$", chapter["recipes-undone"], re.MULTILINE
    )
    assert len(table) == len(chapter["recipes-undone"].splitlines()) - 2
    # The runs were made before the gradient penalty was part of the recipe.
    run = {name: f"quick, no R1, {name}" for name, _, _ in table} | {"*nothing*": "quick, no R1"}
    stated = {(run[name], int(seconds)): numbers.split(" | ") for name, seconds, numbers in table}
    assert stated == {key: found for key, (_, *found) in medians.items() if "no R1" in key[0]}


def test_chapter_states_what_the_penalty_gains(medians, chapter):
    for name, run in {"without": "quick, no R1", "with": "quick"}.items():
        found = [medians[run, seconds] for seconds in (60, 300)]
        assert [seeds for seeds, *_ in found] == [5, 5]
        cells = " | ".join(" / ".join(numbers) for _, *numbers in found)
        assert f"| {name} the penalty | {cells} |" in chapter["recipes-penalty-read"]


def test_chapter_states_what_other_recipes_reach(medians, chapter):
    distances = {}
    for row in recorded_rows("peers"):
        times = distances.setdefault(row["run"], {})
        times.setdefault(row["seconds"], {})[row["seed"]] = row["frechet_distance"]
    measured = {}
    for name, times in distances.items():
        assert all(seeds.keys() == {0, 1} for seeds in times.values()), "two, says the chapter"
        measured[name] = {s: f"{statistics.median(d.values()):.0f}" for s, d in times.items()}
    measured["*the quick recipe*"] = {s: medians["quick", s][1] for s in (60, 300)}
    measured["the DCGAN paper {cite}`radford2016`"] = measured.pop("DCGAN paper")
    measured["Dive into Deep Learning"] = measured.pop("d2l")
    table = re.findall(
        r"^\| \[?([^]|]+?)(?:\]\(.+\))? \| (\d+) \| (\d+) \|$",
        chapter["recipes-undone-read"],
        re.MULTILINE,
    )
    assert {name: {60: minute, 300: five} for name, minute, five in table} == measured


def test_chapter_11_states_what_starting_further_down_does():
    runs = {}
    for row in recorded_rows("colour"):
        if (row["pictures"], row["steps"]) == (8000, 1000):
            runs.setdefault((row["side"], row["side"] // 2 ** row["doublings"]), []).append(row)
    measured = {}
    for run, seeds in runs.items():
        assert {row["seed"] for row in seeds} == set(range(5))
        measured[run] = []
        for name in ("distance", "precision", "recall"):
            ends = (format(of(row[name] for row in seeds), ".2f") for of in (min, max))
            measured[run].append(" to ".join(dict.fromkeys(ends)))
    cells = {cell.id: cell.source for cell in read(ROOT / "book/11-your-images.ipynb").cells}
    table = re.findall(r"^\| (\d+) × \d+ \| (\d+) × \d+ \| (.+) \|$", cells["own-40"], re.MULTILINE)
    assert {(int(a), int(b)): numbers.split(" | ") for a, b, numbers in table} == measured


@pytest.mark.parametrize(
    ("recipe", "side", "small", "halvings"),
    [("quick", 64, 16, 2), ("colour", 28, 7, 2), ("colour", 32, 8, 2), ("colour", 64, 8, 3)],
)
def test_recipe_decides_the_networks(recipe, side, small, halvings):
    gan = dcgan.DCGAN(recipe=recipe, image_shape=(side, side, 3))
    reshape = next(x for x in gan.generator.layers if isinstance(x, keras.layers.Reshape))
    assert reshape.output.shape[1:3] == (small, small)
    kinds = [type(layer) for layer in gan.discriminator.layers]
    assert kinds.count(keras.layers.Conv2D) == halvings


def test_a_recipe_of_ones_own_may_say_how_many_doublings():
    recipe = dataclasses.replace(dcgan.RECIPES["colour"], doublings=3)
    assert str(recipe) == str(dataclasses.replace(recipe, doublings=np.int64(3)))  # one recipe
    assert dcgan.DCGAN(recipe=recipe, image_shape=(32, 32, 3)).image_shape == (32, 32, 3)
    with pytest.raises(ValueError, match="height must be a multiple of 8"):
        dcgan.DCGAN(recipe=recipe, image_shape=(36, 36, 3))
    for doublings, error in ((0, ValueError), (2.5, TypeError)):
        with pytest.raises(error, match="doublings must be"):
            dataclasses.replace(recipe, doublings=doublings)


def test_chapter_12_states_what_xla_does_on_a_gpu():
    measured = {
        (row["step"], row["dtype"]): 1e3 * row["seconds"]
        for row in recorded_rows("step_on_gpu")
        if row.get("batch") == 256
    }
    named = {"ours, without XLA": "without XLA", "ours, XLA": "with it"}
    cells = {cell.id: cell.source for cell in read(ROOT / "book/12-bigger.ipynb").cells}
    text = " ".join(cells["b126227b3b6"].split())
    for step, words in named.items():
        assert f"{measured[step, 'float32']:.1f} ms {words}" in text
    peers = {"": [], ", CUDA graph": []}
    for (step, dtype), time in measured.items():
        if step.startswith("PyTorch") and dtype == "float32":
            peers[", CUDA graph" if step.endswith("CUDA graph") else ""].append(time)
    eager, graph = (f"{min(times):.1f} ms" for times in peers.values())
    assert f"with PyTorch {eager}, and {graph} as a CUDA graph" in text
