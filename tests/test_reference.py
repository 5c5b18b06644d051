import csv
import dataclasses
import json
import statistics

import numpy as np
import pytest
from conftest import dtype_policy, recorded_runs

import dcgan_helpers as dcgan
from tools.address import ROOT

METRICS = json.loads((ROOT / "reference" / "metrics.json").read_text())
QUICK = json.loads((ROOT / "reference" / "quick.json").read_text())


@pytest.fixture(scope="module")
def run():
    return dcgan.load_reference_run()


@pytest.fixture(scope="module")
def generator():
    return dcgan.load_reference_generator()


def test_generator_is_the_tutorials(generator):
    assert generator.count_params() == 2_330_944
    images = generator(dcgan.sample_noise(3, seed=0), training=False).numpy()
    assert images.shape == (3, 28, 28, 1)
    assert np.abs(images).max() <= 1


def test_generator_draws_the_digits_of_the_last_frame(generator, run):
    """The file is float16, the frame was made in float32: no pixel may differ by much."""
    noise = dcgan.sample_noise(16, seed=0)
    drawn = dcgan.denormalize(dcgan.DCGAN(generator=generator).generate(noise))
    difference = np.abs(drawn.astype(int) - run.history.frames[-1])
    assert difference.mean() < 0.2
    assert difference.max() < 26


def test_quick_run_as_shipped_has_its_measures():
    """What `reference/quick.py` measured: as trained, and rounded for the file."""
    evaluation = dcgan.evaluate(dcgan.load_reference_generator("quick"), n=2000, progress=False)
    assert evaluation.precision == pytest.approx(QUICK["shipped"]["precision"], abs=0.05)
    for name in ("precision", "recall"):
        assert QUICK["shipped"][name] == pytest.approx(QUICK["trained"][name], abs=0.002)
    distances = [QUICK[name]["frechet_distance"] for name in ("trained", "shipped")]
    assert distances[0] == pytest.approx(distances[1], rel=0.02)
    assert max(distances) < 2.5


def test_discriminator_tells_its_generators_fakes_from_digits():
    discriminator = dcgan.load_reference_discriminator()
    fakes = dcgan.load_reference_generator("quick")(dcgan.sample_noise(500, seed=1))
    reals = dcgan.normalize(dcgan.load_mnist().test_images[:500])
    real, fake = (np.asarray(discriminator(x)).ravel() for x in (reals, fakes))
    right = (real[:, None] > fake).mean()  # of all pairs, those in the right order
    assert 0.5 < right < 0.8  # it hardly can: they are good
    assert all(layer.rate == 0 for layer in discriminator.layers if "dropout" in layer.name)


def test_generator_is_float32_whatever_the_readers_policy():
    with dtype_policy("mixed_bfloat16"):
        generator = dcgan.load_reference_generator()
    assert {layer.compute_dtype for layer in generator.layers} == {"float32"}


def test_run_is_the_whole_one(run):
    assert run.history.epochs == list(range(1, 51))
    assert run.history.steps == list(range(1, 50 * 234 + 1))
    assert run.history.frame_labels == [f"epoch {epoch}" for epoch in range(51)]
    assert run.epochs == (1, 2, 3, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50)


def test_shipped_measures_are_those_of_metrics_json(run):
    for row, epoch, evaluation in zip(METRICS["epochs"], run.epochs, run.evaluations, strict=True):
        shipped = {"epoch": epoch, **dataclasses.asdict(evaluation)}
        assert shipped == {**row, "class_counts": tuple(row["class_counts"])}
    assert run.real.frechet_distance == METRICS["real"]["frechet_distance"]


def test_losses_csv_has_the_means_of_the_epochs(run):
    with (ROOT / "reference" / "losses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for name in ("generator_loss", "discriminator_loss"):
        np.testing.assert_allclose(
            [float(row[name]) for row in rows], run.history.epoch_losses[name], atol=1e-6
        )


def test_float16_on_disk_changes_no_measure_by_more_than_another_seed_does():
    """Of the noise, that is: the rounded weights, and other noise, against the run's own."""
    last, shipped, other = METRICS["epochs"][-1], METRICS["shipped"], METRICS["other_noise"]
    for name in ("frechet_distance", "classifier_score", "precision", "recall"):
        assert abs(shipped[name] - last[name]) < abs(other[name] - last[name])


def test_evaluating_what_is_shipped_gives_what_was_measured(generator):
    """1,000 of the 10,000 images: enough to see other weights, and ten times as fast."""
    evaluation = dcgan.evaluate(generator, n=1_000, progress=False)
    assert evaluation.missing_modes == METRICS["shipped"]["missing_modes"] == 0
    assert evaluation.precision == pytest.approx(METRICS["shipped"]["precision"], abs=0.05)
    assert evaluation.classifier_score == pytest.approx(
        METRICS["shipped"]["classifier_score"], abs=0.3
    )
    assert evaluation.frechet_distance == pytest.approx(
        METRICS["shipped"]["frechet_distance"], rel=0.15
    )


@pytest.mark.long
def test_evaluating_it_whole_gives_what_was_measured(generator):
    evaluation = dataclasses.asdict(dcgan.evaluate(generator, progress=False))
    for name in ("frechet_distance", "classifier_score", "precision", "recall"):
        assert evaluation[name] == pytest.approx(METRICS["shipped"][name], rel=0.02)


def medians_after(seconds):
    """The quick recipe's measures after so long, as `benchmarks/recipes.py` recorded them."""
    chosen = recorded_runs()["quick", seconds]
    assert [row["seed"] for row in chosen] == [0, 1, 2, 3, 4]  # "the medians of five seeds"
    names = ("frechet_distance", "classifier_score", "precision", "recall", "missing_modes")
    return {name: statistics.median(row[name] for row in chosen) for name in names}


def test_landing_page_shows_what_was_measured():
    page = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    for name, row in {
        "the tutorial's 50 epochs": METRICS["shipped"],
        "the quick recipe, one minute": medians_after(60),
        "the quick recipe, five minutes": medians_after(300),
        "a long run of it, as shipped": QUICK["shipped"],
        "real digits": METRICS["real"],
    }.items():
        cells = [
            f"{row['frechet_distance']:.1f}",
            f"{row['classifier_score']:.2f}",
            f"{row['precision']:.2f}",
            f"{row['recall']:.2f}",
            f"{row['missing_modes']:.0f}",
        ]
        assert f"| {name} | {' | '.join(cells)} |" in page
