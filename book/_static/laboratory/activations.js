// The layers between those of layers.js: batch normalisation, LeakyReLU and tanh.
"use strict";

/** Batch normalisation of each channel over the batch and its pixels. */
class BatchNormalization {
  /**
   * @param {Room} room
   * @param {number} channels
   * @param {number} pixels how often an image has each channel
   */
  constructor({ matrices, most, trained }, channels, pixels) {
    this.matrices = matrices;
    this.channels = channels;
    this.pixels = pixels;
    this.gamma = new Weight(matrices, channels, trained);
    this.beta = new Weight(matrices, channels, trained);
    this.weights = [this.gamma, this.beta];
    this.normalized = matrices.reserve(most * pixels * channels);
    this.output = matrices.reserve(most * pixels * channels);
    this.inputGradient = matrices.reserve(trained ? most * pixels * channels : 0);
    this.scale = new Float64Array(channels); // 1 / the standard deviation
  }

  /**
   * Always by the statistics of the batch: a generator that is to be used without its batch has its
   * normalisation folded into its kernels.
   * @type {Layer["forward"]}
   */
  forward(input, n) {
    const { matrices, channels, scale } = this;
    const rows = n * this.pixels;
    const [x, normalized, y] = [input, this.normalized, this.output].map((part) => matrices.array(part));
    const [gamma, beta] = this.weights.map((weight) => matrices.array(weight.values));
    const mean = new Float64Array(channels);
    for (let row = 0, i = 0; row < rows; row++) for (let k = 0; k < channels; k++, i++) mean[k] += x[i];
    for (let k = 0; k < channels; k++) mean[k] /= rows;
    const variance = new Float64Array(channels);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let k = 0; k < channels; k++, i++) variance[k] += (x[i] - mean[k]) ** 2;
    }
    for (let k = 0; k < channels; k++) scale[k] = 1 / Math.sqrt(variance[k] / rows + 1e-3); // Keras' epsilon
    for (let row = 0, i = 0; row < rows; row++) {
      for (let k = 0; k < channels; k++, i++) {
        normalized[i] = (x[i] - mean[k]) * scale[k];
        y[i] = normalized[i] * gamma[k] + beta[k];
      }
    }
    return this.output;
  }

  /** @type {Layer["backward"]} */
  backward(gradient, n, of) {
    const { matrices, channels, scale } = this;
    const rows = n * this.pixels;
    const [dy, normalized] = [gradient, this.normalized].map((part) => matrices.array(part));
    const byGamma = new Float64Array(channels);
    const byBeta = new Float64Array(channels);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let k = 0; k < channels; k++, i++) {
        byGamma[k] += dy[i] * normalized[i];
        byBeta[k] += dy[i];
      }
    }
    if (of.weights) {
      matrices.array(this.gamma.gradient).set(byGamma);
      matrices.array(this.beta.gradient).set(byBeta);
    }
    if (!of.input) return null;
    // The mean and the deviation depend on every row, too: what they pass back is taken off.
    const dx = matrices.array(this.inputGradient);
    const gamma = matrices.array(this.gamma.values);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let k = 0; k < channels; k++, i++) {
        dx[i] = gamma[k] * scale[k] * (dy[i] - (byBeta[k] + normalized[i] * byGamma[k]) / rows);
      }
    }
    return this.inputGradient;
  }
}

/** A function of each number, in place: its output takes the place of its input. */
class Activation {
  /** @param {Matrices} matrices @param {number} size of one image */
  constructor(matrices, size) {
    this.matrices = matrices;
    this.size = size;
    /** @type {Weight[]} */
    this.weights = [];
    /** @type {Numbers} */
    this.output = { at: 0, size: 0 };
  }
}

/** LeakyReLU, in place: what is below 0 is multiplied by 0.3, which keeps its sign. */
class LeakyRelu extends Activation {
  /** @type {Layer["forward"]} */
  forward(input, n) {
    const x = this.matrices.array(input);
    for (let i = 0; i < n * this.size; i++) if (x[i] < 0) x[i] *= 0.3;
    this.output = input;
    return input;
  }

  /** @type {Layer["backward"]} */
  backward(gradient, n) {
    const [dy, y] = [gradient, this.output].map((part) => this.matrices.array(part));
    for (let i = 0; i < n * this.size; i++) if (y[i] < 0) dy[i] *= 0.3;
    return gradient;
  }
}

/** The hyperbolic tangent, in place. */
class Tanh extends Activation {
  /** @type {Layer["forward"]} */
  forward(input, n) {
    const x = this.matrices.array(input);
    for (let i = 0; i < n * this.size; i++) x[i] = Math.tanh(x[i]);
    this.output = input;
    return input;
  }

  /** @type {Layer["backward"]} */
  backward(gradient, n) {
    const [dy, y] = [gradient, this.output].map((part) => this.matrices.array(part));
    for (let i = 0; i < n * this.size; i++) dy[i] *= 1 - y[i] ** 2;
    return gradient;
  }
}
