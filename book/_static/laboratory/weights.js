// The files of trained networks and of digits: what `python -m tools.laboratory_data` wrote.
"use strict";

/**
 * @param {string} text base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/**
 * Undo the compression.
 * @param {string} text base64 of what `zlib` compressed
 * @returns {Promise<ArrayBuffer>}
 */
function unpack(text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/**
 * A trained network in a file. For each kernel, `scales` says how many scales it has, and after how
 * many numbers comes that of the next channel.
 * @typedef {{sizes: Sizes, scales: [number, number][], weights: string}} Trained
 */

/**
 * Set a network's weights to those of a file. Unpacked, it holds, little end first: the scales of
 * all kernels and one for each bias, as float32; the biases' whole numbers, as int16; the kernels'
 * whole numbers, as int8. A weight is its whole number times its scale.
 * @param {Network} network
 * @param {Matrices} matrices
 * @param {Trained} trained
 */
async function setWeights(network, matrices, trained) {
  const file = await unpack(trained.weights);
  const layers = network.layers.filter((layer) => layer.weights.length > 0);
  const kernels = layers.map((layer) => layer.weights[0]);
  const biases = layers.flatMap((layer) => layer.weights.slice(1));
  const count = (/** @type {number[]} */ numbers) => numbers.reduce((sum, number) => sum + number, 0);
  const scales = new Float32Array(file, 0, count(trained.scales.map(([channels]) => channels)) + biases.length);
  const biasNumbers = new Int16Array(file, scales.byteLength, count(biases.map(({ size }) => size)));
  const kernelNumbers = new Int8Array(file, scales.byteLength + biasNumbers.byteLength);
  const expected = count(kernels.map(({ size }) => size));
  if (kernelNumbers.length !== expected) {
    throw new Error(`the file must hold ${expected} numbers of kernels, got ${kernelNumbers.length}`);
  }
  let [scale, number, biasNumber] = [0, 0, 0];
  kernels.forEach((kernel, which) => {
    const [channels, inner] = trained.scales[which];
    const values = matrices.array(kernel.values);
    for (let i = 0; i < values.length; i++, number++) {
      values[i] = kernelNumbers[number] * scales[scale + (Math.floor(i / inner) % channels)];
    }
    scale += channels;
  });
  for (const bias of biases) {
    const values = matrices.array(bias.values);
    for (let i = 0; i < values.length; i++, biasNumber++) values[i] = biasNumbers[biasNumber] * scales[scale];
    scale += 1;
  }
}

/**
 * Return images of which two grey levels stand in a byte, from 0 to 15, as numbers in [-1, 1].
 * @param {string} text base64 of what `zlib` compressed
 */
async function unpackImages(text) {
  const bytes = new Uint8Array(await unpack(text));
  const images = new Float32Array(2 * bytes.length);
  bytes.forEach((byte, i) => {
    images[2 * i] = (byte >> 4) / 7.5 - 1;
    images[2 * i + 1] = (byte & 15) / 7.5 - 1;
  });
  return images;
}
