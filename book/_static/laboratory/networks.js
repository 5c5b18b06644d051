// The two networks of the book, with any number of filters.
"use strict";

/**
 * How large a pair of networks is. The book's has noise of 100 numbers, images of 28 pixels a side,
 * and 64 filters, the number of channels of the generator's last layer but one.
 * @typedef {{noise: number, side: number, filters: number}} Sizes
 */

/** Layers, one after another. */
class Network {
  /** @param {Layer[]} layers */
  constructor(layers) {
    this.layers = layers;
    this.weights = layers.flatMap((layer) => layer.weights);
    this.updates = 0; // of the weights, so far
  }

  /** @param {Numbers} input @param {number} n images */
  forward(input, n) {
    return this.layers.reduce((numbers, layer) => layer.forward(numbers, n), input);
  }

  /**
   * Pass the gradient of a loss back. The gradients of the weights are set if `of.weights`; that by
   * the network's input is returned if `of.input`.
   * @param {Numbers} gradient
   * @param {number} n
   * @param {{weights: boolean, input: boolean}} of
   */
  backward(gradient, n, of) {
    /** @type {Numbers | null} */
    let passed = gradient;
    for (let i = this.layers.length - 1; i >= 0 && passed; i--) {
      passed = this.layers[i].backward(passed, n, { weights: of.weights, input: of.input || i > 0 });
    }
    return passed;
  }
}

/**
 * The generator of chapter 2. If it is folded, its batch normalisation is part of its kernels and of
 * a bias, which is how a trained one comes.
 * @param {Room} room
 * @param {Sizes} sizes
 * @param {{folded: boolean}} form
 */
function makeGenerator(room, { noise, side, filters }, { folded }) {
  const { matrices } = room;
  const small = side / 4;
  const normalization = (/** @type {number} */ channels, /** @type {number} */ pixels) =>
    folded ? [] : [new BatchNormalization(room, channels, pixels)];
  const first = small * small * 4 * filters;
  return new Network([
    new Dense(room, noise, first, folded),
    ...normalization(first, 1),
    new LeakyRelu(matrices, first),
    new TransposedConvolution(room, small, 4 * filters, 2 * filters, 1, folded),
    ...normalization(2 * filters, small ** 2),
    new LeakyRelu(matrices, small ** 2 * 2 * filters),
    new TransposedConvolution(room, small, 2 * filters, filters, 2, folded),
    ...normalization(filters, (2 * small) ** 2),
    new LeakyRelu(matrices, (2 * small) ** 2 * filters),
    new TransposedConvolution(room, 2 * small, filters, 1, 2, false),
    new Tanh(matrices, side ** 2),
  ]);
}

/**
 * The discriminator of chapter 3, without dropout, as in the quick recipe.
 * @param {Room} room
 * @param {Sizes} sizes
 */
function makeDiscriminator(room, { side, filters }) {
  const { matrices } = room;
  return new Network([
    new Convolution(room, side, 1, filters, 2),
    new LeakyRelu(matrices, (side / 2) ** 2 * filters),
    new Convolution(room, side / 2, filters, 2 * filters, 2),
    new LeakyRelu(matrices, (side / 4) ** 2 * 2 * filters),
    new Dense(room, (side / 4) ** 2 * 2 * filters, 1, true),
  ]);
}

/**
 * Draw a network's first weights: kernels as Glorot and Bengio do it, gammas 1, the others 0.
 * @param {Network} network
 * @param {Matrices} matrices
 * @param {Random} random
 */
function drawWeights(network, matrices, random) {
  for (const layer of network.layers) {
    if (layer instanceof BatchNormalization) matrices.array(layer.gamma.values).fill(1);
    if ("kernel" in layer && "fans" in layer) {
      const { kernel, fans } = /** @type {Dense} */ (layer);
      const limit = Math.sqrt(6 / fans);
      const values = matrices.array(kernel.values);
      for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * limit;
    }
  }
}
