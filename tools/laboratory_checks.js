// What the tests have the laboratory compute, in a browser, with its own scripts.
"use strict";

const kernelBytes = () => bytesOf(laboratory.data.kernel);

const checks = {
  /** The images of a trained generator, and what the discriminator says of them. */
  async draw({ noise, images }) {
    const room = () => ({ matrices: new Matrices(kernelBytes()), most: 16, trained: false });
    const [first, second] = [room(), room()];
    const { generator, discriminator } = laboratory.data;
    const draws = makeGenerator(first, generator.sizes, { folded: true });
    const input = first.matrices.reserve(16 * generator.sizes.noise);
    await setWeights(draws, first.matrices, generator);
    first.matrices.array(input).set(noise);
    const judges = makeDiscriminator(second, discriminator.sizes);
    const judged = second.matrices.reserve(16 * discriminator.sizes.side ** 2);
    await setWeights(judges, second.matrices, discriminator);
    second.matrices.array(judged).set(images);
    return {
      images: [...first.matrices.array(draws.forward(input, 16))],
      logits: [...second.matrices.array(judges.forward(judged, 16))].slice(0, 16),
    };
  },

  /** Both losses and all gradients of a small pair whose weights are given. */
  gradients({ settings, generator, discriminator, noise, images }) {
    const training = new Training(kernelBytes(), new Float32Array(settings.side ** 2), settings);
    const { matrices, batch, pixels } = training;
    const set = (network, weights) => network.weights.forEach((w, i) => matrices.array(w.values).set(weights[i]));
    set(training.generator, generator);
    set(training.discriminator, discriminator);
    matrices.array(training.noise).set(noise);
    matrices.array(training.both).set(images, batch * pixels);
    const losses = training.computeGradients();
    const gradients = (network) => network.weights.map(({ gradient }) => [...matrices.array(gradient)]);
    return { ...losses, generator: gradients(training.generator), discriminator: gradients(training.discriminator) };
  },

  /** A seeded run: its first weights, and what went into and came out of each step. */
  async run({ settings, rates, steps }) {
    const digits = await unpackImages(laboratory.data.digits);
    const training = new Training(kernelBytes(), digits, settings);
    const { matrices, batch, pixels } = training;
    const weights = (network) => network.weights.map(({ values }) => [...matrices.array(values)]);
    const first = { generator: weights(training.generator), discriminator: weights(training.discriminator) };
    const done = [];
    for (let step = 0; step < steps; step++) {
      const losses = training.train(rates);
      const real = matrices.array(training.both).subarray(batch * pixels);
      done.push({ ...losses, noise: [...matrices.array(training.noise)], levels: [...real].map((x) => Math.round((x + 1) * 7.5)) });
    }
    return { ...first, done };
  },

  /** What becomes of a setting: the losses, and the sixteen images. */
  async outcome({ settings, rates, steps, looks = [] }) {
    const digits = await unpackImages(laboratory.data.digits);
    const training = new Training(kernelBytes(), digits, settings);
    const losses = [];
    const shown = {};
    for (let step = 1; step <= steps; step++) {
      losses.push(training.train(rates));
      if (looks.includes(step)) shown[step] = [...training.show()];
    }
    return { losses, images: [...training.show()], shown };
  },

  /** A product of matrices, each stored as it is or transposed. */
  multiply({ m, n, k, a, b, aTransposed, bTransposed }) {
    const matrices = new Matrices(kernelBytes());
    const [left, right, product, after] = [m * k, k * n, m * n, 16].map((size) => matrices.reserve(size));
    matrices.array(left).set(a);
    matrices.array(right).set(b);
    matrices.multiply(m, n, k, left, right, product, { aTransposed, bTransposed });
    return { product: [...matrices.array(product)], after: [...matrices.array(after)] };
  },

  /** The fastest of several rounds, in milliseconds: a product, sixteen images, and a step of training. */
  async time({ rounds }) {
    const fastest = (work) => {
      const times = Array.from({ length: rounds + 1 }, () => {
        const start = performance.now();
        work();
        return performance.now() - start;
      });
      return Math.min(...times.slice(1)); // the first one is compiled on the way
    };
    const matrices = new Matrices(kernelBytes());
    const size = 256;
    const [a, b, c] = [1, 2, 3].map(() => matrices.reserve(size * size));
    const many = 20; // Firefox tells whole milliseconds only
    const product = fastest(() => {
      for (let i = 0; i < many; i++) matrices.multiply(size, size, size, a, b, c);
    }) / many;
    const { generator } = laboratory.data;
    const draws = makeGenerator({ matrices, most: 16, trained: false }, generator.sizes, { folded: true });
    const noise = matrices.reserve(16 * generator.sizes.noise);
    await setWeights(draws, matrices, generator);
    new Random(1).fillNormal(matrices.array(noise));
    const images = fastest(() => draws.forward(noise, 16));
    const digits = await unpackImages(laboratory.data.digits);
    const settings = { noise: 100, side: 28, filters: 16, batch: 16, seed: 1 };
    const training = new Training(kernelBytes(), digits, settings);
    const step = fastest(() => training.train({ generatorRate: 1e-3, discriminatorRate: 5e-4, beta1: 0 }));
    return { product, gigaflops: (2 * size ** 3) / product / 1e6, images, step };
  },

  /** Whether the same seeds give the same numbers, and what they look like. */
  random({ seeds, size }) {
    const draw = (...numbers) => [...new Random(...numbers).fillNormal(new Float32Array(size))];
    const random = new Random(...seeds);
    return {
      first: draw(...seeds), again: draw(...seeds), others: draw(seeds[0], seeds[1] + 1),
      uniform: Array.from({ length: size }, () => random.uniform()),
    };
  },
};

(async () => {
  const answer = async (value) => fetch("/answer", { method: "POST", body: JSON.stringify(value) });
  try {
    for (;;) {
      const { check, given } = await (await fetch("/question")).json();
      if (!check) break;
      await answer({ value: await checks[check](given) });
    }
  } catch (error) {
    await answer({ error: `${error}\n${error.stack}` });
  }
})();
