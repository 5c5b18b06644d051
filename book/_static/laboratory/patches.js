// The patches of 5 × 5 pixels that a convolution looks at, as the rows of a matrix.
"use strict";

/**
 * How a convolution with "same" padding lies on an image: the side of its output, and how many
 * pixels the first patch reaches beyond the image's upper left corner.
 * @param {number} side
 * @param {number} stride
 */
function placePatches(side, stride) {
  const output = Math.ceil(side / stride);
  const padding = Math.max((output - 1) * stride + 5 - side, 0);
  return { output, before: padding >> 1 };
}

/**
 * Copy each patch of n images (side × side × channels) to a row of 25 · channels numbers. What lies
 * outside of an image is 0.
 * @param {Float32Array} images
 * @param {Float32Array} rows
 * @param {number} n
 * @param {number} side
 * @param {number} channels
 * @param {number} stride
 */
function gatherPatches(images, rows, n, side, channels, stride) {
  const { output, before } = placePatches(side, stride);
  const width = 5 * channels; // of one line of a patch
  let to = 0;
  for (let image = 0; image < n; image++) {
    for (let y = 0; y < output; y++) {
      for (let x = 0; x < output; x++) {
        const left = x * stride - before;
        const first = Math.max(left, 0);
        const last = Math.min(left + 5, side);
        for (let line = 0; line < 5; line++, to += width) {
          const row = y * stride + line - before;
          if (row < 0 || row >= side) {
            rows.fill(0, to, to + width);
            continue;
          }
          const from = ((image * side + row) * side + first) * channels;
          const length = (last - first) * channels;
          const start = to + (first - left) * channels;
          if (start > to) rows.fill(0, to, start);
          for (let i = 0; i < length; i++) rows[start + i] = images[from + i];
          if (start + length < to + width) rows.fill(0, start + length, to + width);
        }
      }
    }
  }
}

/**
 * The reverse: add each row to its patch of the images, which are 0 at first.
 * @param {Float32Array} rows
 * @param {Float32Array} images
 * @param {number} n
 * @param {number} side
 * @param {number} channels
 * @param {number} stride
 */
function scatterPatches(rows, images, n, side, channels, stride) {
  const { output, before } = placePatches(side, stride);
  const width = 5 * channels;
  let from = 0;
  images.fill(0, 0, n * side * side * channels);
  for (let image = 0; image < n; image++) {
    for (let y = 0; y < output; y++) {
      for (let x = 0; x < output; x++) {
        const left = x * stride - before;
        const first = Math.max(left, 0);
        const last = Math.min(left + 5, side);
        for (let line = 0; line < 5; line++, from += width) {
          const row = y * stride + line - before;
          if (row < 0 || row >= side) continue;
          const to = ((image * side + row) * side + first) * channels;
          const length = (last - first) * channels;
          const start = from + (first - left) * channels;
          for (let i = 0; i < length; i++) images[to + i] += rows[start + i];
        }
      }
    }
  }
}
