import re
import time

import numpy as np
import pytest

import dcgan_helpers as dcgan


def test_evaluate_makes_one_image_before_it_makes_many(tiny_gan, monkeypatch):
    gan = tiny_gan()
    generate, made = gan.generate, []
    monkeypatch.setattr(gan, "generate", lambda noise: made.append(len(noise)) or generate(noise))
    with pytest.raises(ValueError, match=r"the generator's images must have shape \(n, 28"):
        dcgan.evaluate(gan)
    assert made == [1]


def test_evaluate_is_its_parts(mnist, capsys):
    """On more images than are made at a time."""
    gan = dcgan.DCGAN(generator=dcgan.load_reference_generator())
    images = gan.generate(dcgan.sample_noise(510, seed=1))
    evaluation = dcgan.evaluate_images(images)
    assert "510/510" in capsys.readouterr().err
    assert dcgan.evaluate(gan, n=510, seed=1, progress=False) == evaluation
    assert capsys.readouterr() == ("", "")
    assert int(gan.step) == 0
    assert 0.3 < evaluation.precision < evaluation.recall < 0.9
    real, fake = map(dcgan.classifier_features, (mnist.test_images, images))
    counts = dcgan.class_histogram(images)
    assert evaluation == dcgan.Evaluation(
        n=510,
        frechet_distance=dcgan.frechet_distance(real, fake),
        classifier_score=dcgan.classifier_score(dcgan.classify(images)),
        **dcgan.precision_recall(real, fake)._asdict(),
        missing_modes=dcgan.missing_modes(counts),
        class_counts=tuple(counts),
    )


def test_real_digits_are_better_than_noise(mnist):
    real = dcgan.evaluate_images(mnist.train_images[:1000], progress=False)
    pixels = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 1), dtype=np.uint8)
    noise = dcgan.evaluate_images(pixels, progress=False)
    assert real.frechet_distance < noise.frechet_distance / 20
    assert real.classifier_score > 9
    assert real.precision > 0.8
    assert real.recall > 0.8
    assert real.missing_modes == 0
    assert noise.precision < 0.1
    assert noise.recall < 0.1
    assert noise.missing_modes > 5


def test_evaluation_is_shown_as_a_table():
    evaluation = dcgan.Evaluation(10_000, 12.345, 9.5, 0.91, 0.8, 1, (1112,) * 8 + (1104, 0))
    assert str(evaluation).splitlines() == [
        "10,000 images",
        "Fréchet distance     12.35   0 is best",
        "classifier score      9.50   1 to 10",
        "precision            0.910   0 to 1",
        "recall               0.800   0 to 1",
        "missing modes            1   of 10 digits",
        "images of each digit: 0: 1,112, 1: 1,112, 2: 1,112, 3: 1,112, 4: 1,112, 5: 1,112, "
        "6: 1,112, 7: 1,112, 8: 1,104, 9: 0",
    ]
    table = evaluation._repr_markdown_()
    assert table.startswith("| 10,000 images |")
    assert "| recall | 0.800 | 0 to 1 |" in table
    assert "9: 0." in table
    html = re.sub(r" style=\"[^\"]*\"", "", evaluation._repr_html_())
    assert "<tr><td>recall</td><td>0.800</td><td>0 to 1</td></tr>" in html
    assert html.endswith("9: 0.</p>")


@pytest.mark.long
def test_ten_thousand_samples_take_less_than_a_minute_of_two_cores():
    start = time.process_time()
    dcgan.evaluate(dcgan.make_generator_model(seed=0), progress=False)
    assert time.process_time() - start < 2 * 60
