// One step of training, as in chapter 5: one pass forwards, two losses, two updates.
"use strict";

/**
 * What may be changed while it trains.
 * @typedef {{generatorRate: number, discriminatorRate: number, beta1: number}} Rates
 */

/** log(1 + exp(x)), which no x overflows. @param {number} x */
function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** @param {number} x */
function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

/**
 * Adam (D. P. Kingma and J. Ba, arXiv:1412.6980), as Keras computes it.
 * @param {Network} network its weights' gradients are set
 * @param {Matrices} matrices
 * @param {number} rate
 * @param {number} beta1
 */
function updateByAdam(network, matrices, rate, beta1) {
  const [beta2, epsilon] = [0.999, 1e-7];
  network.updates += 1;
  const step = (rate * Math.sqrt(1 - beta2 ** network.updates)) / (1 - beta1 ** network.updates);
  for (const weight of network.weights) {
    const [values, gradient] = [weight.values, weight.gradient].map((part) => matrices.array(part));
    const { firstMoment, secondMoment } = weight;
    for (let i = 0; i < weight.size; i++) {
      firstMoment[i] += (gradient[i] - firstMoment[i]) * (1 - beta1);
      secondMoment[i] += (gradient[i] ** 2 - secondMoment[i]) * (1 - beta2);
      values[i] -= (step * firstMoment[i]) / (Math.sqrt(secondMoment[i]) + epsilon);
    }
  }
}

/** Two networks that train each other. The same seed, sizes and rates give the same run. */
class Training {
  /**
   * @param {Uint8Array<ArrayBuffer>} kernel kernel.wat, assembled
   * @param {Float32Array} images real ones, in [-1, 1], one after another
   * @param {Sizes & {batch: number, seed: number}} settings
   */
  constructor(kernel, images, { noise, side, filters, batch, seed }) {
    const matrices = (this.matrices = new Matrices(kernel));
    const sizes = { noise, side, filters };
    this.images = images;
    this.batch = batch;
    this.seed = seed;
    this.pixels = side * side;
    this.step = 0;
    const shown = 16;
    this.generator = makeGenerator({ matrices, most: Math.max(batch, shown), trained: true }, sizes, { folded: false });
    this.discriminator = makeDiscriminator({ matrices, most: 2 * batch, trained: true }, sizes);
    this.noise = matrices.reserve(batch * noise);
    this.shownNoise = matrices.reserve(shown * noise);
    this.both = matrices.reserve(2 * batch * this.pixels); // fakes, then real images
    this.gradient = matrices.reserve(2 * batch); // of a loss by the logits
    const random = new Random(seed, -1);
    drawWeights(this.generator, matrices, random);
    drawWeights(this.discriminator, matrices, random);
    random.fillNormal(matrices.array(this.shownNoise));
  }

  /** Draw the noise and the real images of a step, which depend on the seed and the step's number. */
  drawBatch() {
    const { matrices, batch, pixels, images } = this;
    const random = new Random(this.seed, this.step);
    random.fillNormal(matrices.array(this.noise));
    const both = matrices.array(this.both);
    for (let i = 0; i < batch; i++) {
      const chosen = Math.floor(random.uniform() * (images.length / pixels)) * pixels;
      both.set(images.subarray(chosen, chosen + pixels), (batch + i) * pixels);
    }
  }

  /** Compute both losses and the gradients of all weights, before any of them changes. */
  computeGradients() {
    const { matrices, batch, pixels, generator, discriminator } = this;
    const fakes = matrices.array(generator.forward(this.noise, batch));
    matrices.array(this.both).set(fakes.subarray(0, batch * pixels));
    const logits = matrices.array(discriminator.forward(this.both, 2 * batch)).slice(0, 2 * batch);
    const gradient = matrices.array(this.gradient);
    let generatorLoss = 0;
    let discriminatorLoss = 0;
    for (let i = 0; i < batch; i++) {
      const [fake, real] = [logits[i], logits[batch + i]];
      generatorLoss += softplus(-fake) / batch;
      discriminatorLoss += (softplus(fake) + softplus(-real)) / batch;
      gradient[i] = sigmoid(fake) / batch;
      gradient[batch + i] = -sigmoid(-real) / batch;
    }
    discriminator.backward(this.gradient, 2 * batch, { weights: true, input: false });
    // The generator's loss has a pass of its own: by way of the other's, it would vanish where the
    // discriminator is sure.
    for (let i = 0; i < batch; i++) gradient[i] = -sigmoid(-logits[i]) / batch;
    const byFakes = discriminator.backward(this.gradient, batch, { weights: false, input: true });
    if (byFakes) generator.backward(byFakes, batch, { weights: true, input: false });
    return { generatorLoss, discriminatorLoss };
  }

  /**
   * Train for one step; return the losses before it.
   * @param {Rates} rates
   */
  train({ generatorRate, discriminatorRate, beta1 }) {
    this.drawBatch();
    const losses = this.computeGradients();
    updateByAdam(this.generator, this.matrices, generatorRate, beta1);
    updateByAdam(this.discriminator, this.matrices, discriminatorRate, beta1);
    this.step += 1;
    return losses;
  }

  /** What the generator makes of the sixteen vectors of noise that stay the same, in [-1, 1]. */
  show() {
    return this.matrices.array(this.generator.forward(this.shownNoise, 16)).slice(0, 16 * this.pixels);
  }
}
