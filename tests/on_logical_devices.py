"""What `test_replicas.py` runs in a process of its own, whose processor is four logical devices."""

import functools

import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
four = [tf.config.LogicalDeviceConfiguration()] * 4
tf.config.set_logical_device_configuration(processor, four)

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from conftest import (  # noqa: E402
    assert_resumes_exactly,
    assert_same_state,
    dtype_policy,
    make_averaging_gan,
    make_tiny_gan,
    train_tiny,
)

import dcgan_helpers as dcgan  # noqa: E402


@functools.cache  # of two strategies in one process, the second's collective operations fail
def on(n):
    """The strategy of `n` logical devices."""
    # Nor are there collective operations of two sizes.
    how = tf.distribute.ReductionToOneDevice() if n > 2 else None
    devices = [f"CPU:{number}" for number in range(n)]
    return tf.distribute.MirroredStrategy(devices, cross_device_ops=how)


@pytest.fixture(scope="module")
def alone(tiny_images):
    """What no strategy trained, in float64 and without dropout."""
    with dtype_policy("float64"):
        return trained(tiny_images, dropout=0.0)


def numbers_of(gan):
    """All that a run ends with, but for what tells where it ran and the losses, in float32."""
    return {k: v for k, v in gan.get_state().items() if not k.startswith("history/")}


def assert_close(first, second, within=1e-8):
    expected, got = numbers_of(first), numbers_of(second)
    assert expected.keys() == got.keys()
    for name in expected:
        np.testing.assert_allclose(got[name], expected[name], rtol=0, atol=within, err_msg=name)
    a, b = (gan.history.step_losses for gan in (first, second))
    for name in a:
        np.testing.assert_allclose(b[name], a[name], rtol=1e-6, err_msg=name)
    for a, b in zip(first.history.frames, second.history.frames, strict=True):
        assert np.abs(a.astype(int) - b.astype(int)).max() <= 1


def trained(tiny_images, steps=7, checkpoint_dir=None, **arguments):
    gan = make_averaging_gan(**arguments)
    train_tiny(gan, tiny_images, steps=steps, checkpoint_dir=checkpoint_dir)
    return gan


def test_any_number_of_replicas_trains_the_same_run(float64, tiny_images, alone):
    assert alone.generator.weights[0].dtype == "float64"
    for n in (1, 2, 4):
        assert_close(alone, trained(tiny_images, dropout=0.0, strategy=on(n)))


def test_one_replica_has_the_bits_of_no_strategy(tiny_images):
    alone, one = trained(tiny_images), trained(tiny_images, strategy=on(1))
    assert_same_state(alone, one)
    norm = one.generator.layers[1]
    assert not norm.synchronized


def test_two_replicas_hold_the_same_weights_and_drop_different_units(tiny_images):
    gan = trained(tiny_images, strategy=on(2))
    random_states = {id(state) for state in gan.random_states}
    assert len(random_states) == 1
    for name, variable in gan.variables().items():
        values = [v.numpy() for v in gan.strategy.experimental_local_results(variable)]
        if id(variable) in random_states:
            assert (values[0] != values[1]).any()
        else:
            np.testing.assert_array_equal(values[0], values[-1], err_msg=name)
    assert gan.generator.layers[1].synchronized


def test_a_run_with_dropout_learns_from_both_masks(float64, tiny_images):
    """With one mask for both, equal halves of a batch would have equal gradients."""
    halves = dcgan.normalize(tiny_images[[0, 1, 0, 1]])

    def gradient(**arguments):
        gan = make_tiny_gan(discriminator_optimizer=None, **arguments)
        dcgan.make_train_step(gan)(halves)
        return gan.get_state()["discriminator/0"]

    differing = gradient(strategy=on(2)) - gradient()
    assert np.abs(differing).max() > 1e-6


def test_two_replicas_stopped_and_resumed_end_with_the_same_bits(tiny_images, tmp_path):
    whole, second = assert_resumes_exactly(
        lambda: make_averaging_gan(strategy=on(2)), tiny_images, tmp_path, stop_at=3, steps=8
    )
    for first, other in zip(whole.random_states, second.random_states, strict=True):
        for a, b in zip(first.values, other.values, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize(("before", "after"), [(2, None), (None, 2)])
def test_a_checkpoint_goes_on_elsewhere(
    float64, tiny_images, alone, tmp_path, capsys, before, after
):
    for n, steps in ((before, 3), (after, 7)):
        strategy = n and on(n)
        gan = trained(tiny_images, steps, tmp_path, dropout=0.0, strategy=strategy)
    assert_close(alone, gan)
    assert f"replicas: {before or 1} before, {after or 1} now" in capsys.readouterr().out


def test_float16_scales_its_losses_on_both(tiny_images):
    gan = dcgan.DCGAN(image_shape=(8, 8, 1), dtype="mixed_float16", strategy=on(2))
    train_tiny(gan, tiny_images, steps=2)
    assert np.isfinite(gan.history.step_losses["generator_loss"]).all()
    scales = [v for v in gan.generator_optimizer.variables if "scale" in v.path]
    assert scales
    assert gan.generate(dcgan.sample_noise(3, seed=0)).shape == (3, 8, 8, 1)


def test_a_models_regularizer_counts_once(float64, tiny_images):
    def weights(**arguments):
        gan = make_tiny_gan(dropout=0.0, **arguments)
        for model in (gan.generator, gan.discriminator):
            for weight in model.trainable_variables:
                weight.regularizer = keras.regularizers.L2(0.5)
        train_tiny(gan, tiny_images, steps=3)
        return gan

    assert_close(weights(), weights(strategy=on(2)))


def test_what_does_not_fit_a_strategy_is_refused(tiny_images):
    strategy, other = on(2), on(4)
    gan = make_tiny_gan(strategy=strategy)
    with pytest.raises(ValueError, match="batch_size must be a multiple of the strategy's 2"):
        train_tiny(gan, tiny_images, steps=1, batch_size=5)
    with pytest.raises(ValueError, match="batch_size must be a multiple of the strategy's 2"):
        dcgan.make_train_step(gan)(dcgan.normalize(tiny_images[:3]))
    with pytest.raises(ValueError, match="jit_compile must be False with a strategy"):
        train_tiny(gan, tiny_images, steps=1, jit_compile=True)
    alone = make_tiny_gan()
    models = {"generator": alone.generator, "discriminator": alone.discriminator}
    with pytest.raises(ValueError, match="generator must be made inside"):
        dcgan.DCGAN(strategy=strategy, **models)
    with pytest.raises(ValueError, match="generator must be made inside"):
        dcgan.DCGAN(strategy=other, generator=gan.generator)
    with pytest.raises(ValueError, match="generator must be made outside"):
        dcgan.DCGAN(generator=gan.generator)
    with pytest.raises(ValueError, match="discriminator_optimizer must be made inside"):
        dcgan.DCGAN(strategy=strategy, discriminator_optimizer=keras.optimizers.Adam())
    with pytest.raises(TypeError, match=r"strategy must be a tf\.distribute\.MirroredStrategy"):
        dcgan.DCGAN(strategy=tf.distribute.OneDeviceStrategy("CPU:0"))


def test_optimizers_of_ones_own_are_made_in_the_scope(float64, tiny_images):
    def run(strategy):
        with strategy.scope():
            optimizers = {
                f"{name}_optimizer": keras.optimizers.SGD(0.1, momentum=0.5)
                for name in ("generator", "discriminator")
            }
        return trained(tiny_images, dropout=0.0, strategy=strategy, **optimizers)

    assert_close(run(tf.distribute.get_strategy()), run(on(2)))
