// The layers with weights. Each is computed by products of matrices, forwards and backwards.
//
// An image of a batch is stored as TensorFlow does it: row by row, pixel by pixel, and a pixel's
// channels side by side. A layer writes its results over those of its last call.
"use strict";

/** The numbers of a layer that are learnt, and what is needed to learn them. */
class Weight {
  /**
   * @param {Matrices} matrices
   * @param {number} size
   * @param {boolean} trained
   */
  constructor(matrices, size, trained) {
    this.size = size;
    this.values = matrices.reserve(size);
    this.gradient = matrices.reserve(trained ? size : 0);
    this.firstMoment = new Float32Array(trained ? size : 0); // Adam's
    this.secondMoment = new Float32Array(trained ? size : 0);
  }
}

/**
 * What a layer is made for: how many images at a time, and whether it will be trained.
 * @typedef {{matrices: Matrices, most: number, trained: boolean}} Room
 */

/**
 * What a layer does. `backward` takes the gradient of the loss by the layer's output, and returns that by
 * its input, or null if that is not asked for; it sets the weights' gradients if those are.
 * @typedef {object} Layer
 * @property {Weight[]} weights
 * @property {(input: Numbers, n: number) => Numbers} forward
 * @property {(gradient: Numbers, n: number, of: {weights: boolean, input: boolean}) => Numbers | null} backward
 */

/**
 * Add a bias to each row.
 * @param {Float32Array} rows
 * @param {Float32Array} bias
 * @param {number} n rows
 */
function addBias(rows, bias, n) {
  const width = bias.length;
  for (let row = 0, i = 0; row < n; row++) for (let k = 0; k < width; k++, i++) rows[i] += bias[k];
}

/**
 * The gradient by a bias: the sum of all rows.
 * @param {Float32Array} rows
 * @param {Float32Array} sums
 * @param {number} n rows
 */
function sumRows(rows, sums, n) {
  const width = sums.length;
  sums.fill(0);
  for (let row = 0, i = 0; row < n; row++) for (let k = 0; k < width; k++, i++) sums[k] += rows[i];
}

/** A dense layer: y = x·W + b. */
class Dense {
  /**
   * @param {Room} room
   * @param {number} inputs
   * @param {number} outputs
   * @param {boolean} biased
   */
  constructor({ matrices, most, trained }, inputs, outputs, biased) {
    this.matrices = matrices;
    this.inputs = inputs;
    this.outputs = outputs;
    this.fans = inputs + outputs;
    this.kernel = new Weight(matrices, inputs * outputs, trained); // (inputs, outputs)
    this.bias = biased ? new Weight(matrices, outputs, trained) : null;
    this.weights = this.bias ? [this.kernel, this.bias] : [this.kernel];
    this.input = this.output = matrices.reserve(most * outputs);
    this.inputGradient = matrices.reserve(trained ? most * inputs : 0);
  }

  /** @type {Layer["forward"]} */
  forward(input, n) {
    const { matrices, kernel, bias, inputs, outputs, output } = this;
    this.input = input;
    matrices.multiply(n, outputs, inputs, input, kernel.values, output);
    if (bias) addBias(matrices.array(output), matrices.array(bias.values), n);
    return output;
  }

  /** @type {Layer["backward"]} */
  backward(gradient, n, of) {
    const { matrices, kernel, bias, inputs, outputs } = this;
    if (of.weights) {
      matrices.multiply(inputs, outputs, n, this.input, gradient, kernel.gradient, { aTransposed: true });
      if (bias) sumRows(matrices.array(gradient), matrices.array(bias.gradient), n);
    }
    if (!of.input) return null;
    matrices.multiply(n, inputs, outputs, gradient, kernel.values, this.inputGradient, { bTransposed: true });
    return this.inputGradient;
  }
}

/** A convolution of 5 × 5 pixels with "same" padding and a bias: patches times kernel. */
class Convolution {
  /**
   * @param {Room} room
   * @param {number} side of the input, in pixels
   * @param {number} inputs channels
   * @param {number} outputs channels
   * @param {number} stride
   */
  constructor({ matrices, most, trained }, side, inputs, outputs, stride) {
    this.matrices = matrices;
    this.inputs = inputs;
    this.outputs = outputs;
    this.fans = 25 * (inputs + outputs);
    this.places = new Patches(side, inputs, stride);
    this.pixels = this.places.side ** 2; // of the output
    this.kernel = new Weight(matrices, 25 * inputs * outputs, trained); // (5, 5, inputs, outputs)
    this.bias = new Weight(matrices, outputs, trained);
    this.weights = [this.kernel, this.bias];
    this.patches = matrices.reserve(most * this.pixels * 25 * inputs);
    this.output = matrices.reserve(most * this.pixels * outputs);
    this.patchGradient = matrices.reserve(trained ? this.patches.size : 0);
    this.inputGradient = matrices.reserve(trained ? most * side * side * inputs : 0);
  }

  /** @type {Layer["forward"]} */
  forward(input, n) {
    const { matrices, inputs, outputs, output, patches } = this;
    const rows = n * this.pixels;
    this.places.gather(matrices.array(input), matrices.array(patches), n);
    matrices.multiply(rows, outputs, 25 * inputs, patches, this.kernel.values, output);
    addBias(matrices.array(output), matrices.array(this.bias.values), rows);
    return output;
  }

  /** @type {Layer["backward"]} */
  backward(gradient, n, of) {
    const { matrices, inputs, outputs, kernel, bias, patches, patchGradient } = this;
    const rows = n * this.pixels;
    if (of.weights) {
      matrices.multiply(25 * inputs, outputs, rows, patches, gradient, kernel.gradient, { aTransposed: true });
      sumRows(matrices.array(gradient), matrices.array(bias.gradient), rows);
    }
    if (!of.input) return null;
    matrices.multiply(rows, 25 * inputs, outputs, gradient, kernel.values, patchGradient, { bTransposed: true });
    this.places.scatter(matrices.array(patchGradient), matrices.array(this.inputGradient), n);
    return this.inputGradient;
  }
}

/** A transposed convolution: what a convolution does backwards, done forwards. */
class TransposedConvolution {
  /**
   * @param {Room} room
   * @param {number} side of the input, in pixels
   * @param {number} inputs channels
   * @param {number} outputs channels
   * @param {number} stride
   * @param {boolean} biased
   */
  constructor({ matrices, most, trained }, side, inputs, outputs, stride, biased) {
    this.matrices = matrices;
    this.inputs = inputs;
    this.outputs = outputs;
    this.fans = 25 * (inputs + outputs);
    this.pixels = side * side; // of the input
    this.outputPixels = this.pixels * stride ** 2;
    this.places = new Patches(side * stride, outputs, stride); // one for each pixel of the input
    this.kernel = new Weight(matrices, 25 * outputs * inputs, trained); // (5, 5, outputs, inputs)
    this.bias = biased ? new Weight(matrices, outputs, trained) : null;
    this.weights = this.bias ? [this.kernel, this.bias] : [this.kernel];
    this.patches = matrices.reserve(most * this.pixels * 25 * outputs);
    this.input = this.output = matrices.reserve(most * this.outputPixels * outputs);
    this.inputGradient = matrices.reserve(trained ? most * this.pixels * inputs : 0);
  }

  /** @type {Layer["forward"]} */
  forward(input, n) {
    const { matrices, inputs, outputs, kernel, bias, patches, output } = this;
    this.input = input;
    matrices.multiply(n * this.pixels, 25 * outputs, inputs, input, kernel.values, patches, { bTransposed: true });
    this.places.scatter(matrices.array(patches), matrices.array(output), n);
    if (bias) addBias(matrices.array(output), matrices.array(bias.values), n * this.outputPixels);
    return output;
  }

  /** @type {Layer["backward"]} */
  backward(gradient, n, of) {
    const { matrices, inputs, outputs, kernel, bias, patches } = this;
    const rows = n * this.pixels;
    this.places.gather(matrices.array(gradient), matrices.array(patches), n);
    if (of.weights) {
      matrices.multiply(25 * outputs, inputs, rows, patches, this.input, kernel.gradient, { aTransposed: true });
      if (bias) sumRows(matrices.array(gradient), matrices.array(bias.gradient), n * this.outputPixels);
    }
    if (!of.input) return null;
    matrices.multiply(rows, inputs, 25 * outputs, patches, kernel.values, this.inputGradient);
    return this.inputGradient;
  }
}
