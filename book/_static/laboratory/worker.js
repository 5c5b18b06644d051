// What runs beside the page, in workers, so that the page answers while it computes: one worker
// draws and judges, one trains.
//
// A page that is opened as a file may start no worker from a file, and a worker there may load none.
// So the page loads the scripts, and hands the worker their text: that of each function and class
// in `laboratory.parts`, of which nothing else may be used here.
"use strict";

/**
 * The worker's side: it waits for tasks, and answers each by its number, with a result or an error.
 * What a task is called is the name of one of these functions.
 */
function startWorker() {
  /** @type {Uint8Array<ArrayBuffer>} */
  let kernel;
  /** @type {{network: Network, matrices: Matrices, input: Numbers, sizes: Sizes}} */
  let generator;
  /** @type {typeof generator} */
  let discriminator;
  /** @type {Training} */
  let training;
  /** @type {Rates} */
  let rates;
  /** @type {Float32Array} */
  let digits;
  let loop = 0; // the number of the loop that trains; 0 while none does
  let loops = 0;
  let fast = 0; // images a second, lately
  const most = 16; // images at a time

  const frame = (/** @type {object} */ losses) => ({
    ...losses, step: training.step, images: training.show(), imagesPerSecond: fast,
  });

  // Train for about a tenth of a second, tell of it, and go on.
  const run = (/** @type {number} */ mine) => {
    if (mine !== loop) return;
    const start = performance.now();
    const from = training.step;
    const losses = [];
    while (performance.now() - start < 100) losses.push(training.train(rates));
    fast = ((training.step - from) * training.batch * 1000) / (performance.now() - start);
    self.postMessage({ frame: frame({ losses }) });
    setTimeout(run, 0, mine); // in between, a message may say pause
  };

  /** @type {Record<string, (...given: any[]) => any>} */
  const tasks = {
    /** @param {string} text */
    begin(text) {
      kernel = bytesOf(text);
    },
    /** @param {Trained} trained */
    async loadGenerator(trained) {
      const matrices = new Matrices(kernel);
      const network = makeGenerator({ matrices, most, trained: false }, trained.sizes, { folded: true });
      const input = matrices.reserve(most * trained.sizes.noise);
      await setWeights(network, matrices, trained);
      generator = { network, matrices, input, sizes: trained.sizes };
    },
    /** @param {Trained} trained */
    async loadDiscriminator(trained) {
      const matrices = new Matrices(kernel);
      const network = makeDiscriminator({ matrices, most, trained: false }, trained.sizes);
      const input = matrices.reserve(most * trained.sizes.side ** 2);
      await setWeights(network, matrices, trained);
      discriminator = { network, matrices, input, sizes: trained.sizes };
    },
    /** @param {Float32Array} noise of up to 16 images */
    draw(noise) {
      const { network, matrices, input, sizes } = generator;
      const n = noise.length / sizes.noise;
      const start = performance.now();
      matrices.array(input).set(noise);
      const images = matrices.array(network.forward(input, n)).slice(0, n * sizes.side ** 2);
      return { images, milliseconds: performance.now() - start };
    },
    /** @param {Float32Array} images up to 16 */
    judge(images) {
      const { network, matrices, input, sizes } = discriminator;
      const n = images.length / sizes.side ** 2;
      matrices.array(input).set(images);
      return matrices.array(network.forward(input, n)).slice(0, n);
    },
    /** @param {string} text */
    async loadDigits(text) {
      digits = await unpackImages(text);
      return digits;
    },
    /** @param {Sizes & {batch: number, seed: number}} settings */
    prepare(settings) {
      loop = 0;
      training = new Training(kernel, digits, settings);
      return frame({ losses: [] });
    },
    /** @param {Rates} given */
    setRates(given) {
      rates = given;
    },
    run() {
      loop = ++loops;
      setTimeout(run, 0, loop);
    },
    pause() {
      loop = 0;
    },
    oneStep() {
      return frame({ losses: [training.train(rates)] });
    },
  };

  self.onmessage = async ({ data: { number, task, given } }) => {
    try {
      self.postMessage({ number, result: await tasks[task](...given) });
    } catch (error) {
      self.postMessage({ number, error: String(error) });
    }
  };
}

/** The page's side of a worker: tasks go there, and come back as promises. */
class Assistant {
  /**
   * @param {HTMLElement} section the part of the page whose status says what went wrong
   * @param {(frame: any) => void} [onFrame] what to do with what the worker tells of by itself
   */
  constructor(section, onFrame) {
    this.section = section;
    const source = ['"use strict";', ...laboratory.parts.map(String), "startWorker();"].join("\n\n");
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.worker = new Worker(url);
    this.tasks = 0;
    /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    this.worker.onmessage = ({ data: { number, result, error, frame } }) => {
      URL.revokeObjectURL(url); // it has started
      if (frame) onFrame?.(frame);
      const task = this.waiting.get(number);
      this.waiting.delete(number);
      if (error === undefined) task?.resolve(result);
      else {
        this.complain(error);
        task?.reject(new Error(error));
      }
    };
    this.worker.onerror = (event) => this.complain(event.message);
    this.ready = this.ask("begin", laboratory.data.kernel);
  }

  /** @param {string} error */
  complain(error) {
    const status = find(this.section, "[role=status]", HTMLElement);
    status.classList.add("lab-wrong");
    status.textContent = `This did not work: ${error}`;
  }

  /**
   * Have a task done.
   * @param {string} task
   * @param {...any} given
   * @returns {Promise<any>}
   */
  ask(task, ...given) {
    const number = ++this.tasks;
    this.worker.postMessage({ number, task, given });
    return new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject }));
  }
}

laboratory.parts.push(
  Matrices, Random, Patches, Weight, addBias, sumRows, Dense,
  Convolution, TransposedConvolution, BatchNormalization, Activation, LeakyRelu, Tanh, Network,
  makeGenerator, makeDiscriminator, drawWeights, softplus, sigmoid, updateByAdam, Training, bytesOf,
  unpack, setWeights, unpackImages, startWorker,
);
