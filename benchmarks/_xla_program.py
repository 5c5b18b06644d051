"""The compiled step as an XLA program that a machine with JAX, but no TensorFlow, can run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np


def export(gan: Any, batch_size: int, file: Path) -> None:
    """Write the very program that `make_train_step(gan, jit_compile=True)` compiles.

    Beside `file` with its suffix ".hlo" stands one with ".json": which variable is which argument,
    and which output takes the place of which argument in the next step.
    """
    import tensorflow as tf

    import dcgan_helpers as dcgan

    step = dcgan.make_train_step(gan, jit_compile=True).function
    images = tf.zeros((batch_size, *gan.image_shape))
    ir = step.experimental_get_compiler_ir(images)
    file.with_suffix(".hlo").write_bytes(ir(stage="hlo_serialized"))
    names = {id(variable.handle): name for name, variable in gan.variables().items()}
    captured = step.get_concrete_function(images).captured_inputs
    # {2}: (1, {}, ...: output 2 is the new value of argument 1.
    pairs = re.findall(r"\{(\d+)\}: \((\d+), \{\}", ir(stage="hlo").split("\n", 1)[0])
    record = {
        "batch_size": batch_size,
        "arguments": [names[id(tensor)] for tensor in captured],  # after the images
        "outputs": {output: int(argument) for output, argument in pairs},
    }
    file.with_suffix(".json").write_text(json.dumps(record))


class Program:
    """An exported step, compiled for this machine's device by JAX."""

    def __init__(self, file: Path) -> None:
        import jax
        from jax._src.lib import xla_client

        record = json.loads(file.with_suffix(".json").read_text())
        self.batch_size: int = record["batch_size"]
        self._names, self._outputs = record["arguments"], record["outputs"]
        device = jax.devices()[0]
        stablehlo = xla_client._xla.mlir.hlo_to_stablehlo(file.with_suffix(".hlo").read_bytes())
        self._program = device.client.compile_and_load(
            stablehlo, [device], xla_client.CompileOptions()
        )

    def step(self, state: dict[str, Any], images: Any) -> list[Any]:
        """Train one step on a batch of images on the device; changes `state`, gives the losses.

        Args:
            state: an array on the device for each variable, by its name in `DCGAN.get_state`.
            images: `float32` in [-1, 1] `(batch_size, height, width, channels)`.

        Returns:
            The discriminator's loss and the generator's, scalars on the device, not waited for.
        """
        outputs = self._program.execute([images, *(state[name] for name in self._names)])
        for output, argument in self._outputs.items():
            state[self._names[argument - 1]] = outputs[int(output)]
        return outputs[:2]


def put(state: dict[str, np.ndarray]) -> dict[str, Any]:
    """The state on the device."""
    import jax

    return {name: jax.device_put(array, jax.devices()[0]) for name, array in state.items()}
