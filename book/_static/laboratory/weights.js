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
 * A trained network in a file, and with how many bits each of its arrays of weights is written: 8 or 16.
 * @typedef {{sizes: Sizes, bits: number[], weights: string}} Trained
 */

/**
 * Set a network's weights to those of a file. Unpacked, it holds, little end first: a scale for each
 * array of weights, as float32; then their whole numbers, first those of 16 bits, then those of 8. A
 * weight is its whole number times its array's scale.
 * @param {Network} network
 * @param {Matrices} matrices
 * @param {Trained} trained
 */
async function setWeights(network, matrices, { bits, weights }) {
  const file = await unpack(weights);
  const count = (/** @type {number} */ kind) =>
    network.weights.reduce((sum, { size }, i) => sum + (bits[i] === kind ? size : 0), 0);
  const scales = new Float32Array(file, 0, bits.length);
  const words = new Int16Array(file, scales.byteLength, count(16));
  const bytes = new Int8Array(file, scales.byteLength + words.byteLength);
  if (bits.length !== network.weights.length || bytes.length !== count(8)) {
    throw new Error(`the file must hold ${network.weights.length} arrays, ${count(8)} numbers of 8 bits; got ${bits.length}, ${bytes.length}`);
  }
  let [word, byte] = [0, 0];
  network.weights.forEach(({ values, size }, which) => {
    const numbers = bits[which] === 16 ? words.subarray(word, (word += size)) : bytes.subarray(byte, (byte += size));
    const array = matrices.array(values);
    for (let i = 0; i < size; i++) array[i] = numbers[i] * scales[which];
  });
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
