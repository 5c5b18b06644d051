// The patches of 5 × 5 pixels that a convolution looks at, as the rows of a matrix.
"use strict";

/** How the patches of a convolution with "same" padding lie on images (side × side × channels). */
class Patches {
  /**
   * @param {number} side of an image, in pixels
   * @param {number} channels
   * @param {number} stride from one patch to the next
   */
  constructor(side, channels, stride) {
    this.side = Math.ceil(side / stride); // how many patches lie beside each other
    const before = Math.max((this.side - 1) * stride + 5 - side, 0) >> 1; // the first begins outside
    const lines = [];
    let row = 0;
    for (let y = -before; y < this.side * stride - before; y += stride) {
      for (let x = -before; x < this.side * stride - before; x += stride, row += 25) {
        const [first, last] = [Math.max(x, 0), Math.min(x + 5, side)];
        for (let line = Math.max(-y, 0); line < Math.min(5, side - y); line++) {
          const places = [row + 5 * line + first - x, (y + line) * side + first, last - first];
          lines.push(...places.map((pixels) => pixels * channels));
        }
      }
    }
    /** Each line of each patch, as far as it lies on the image: where in the rows, where in the image, how long. */
    this.lines = Int32Array.from(lines);
    this.rowsSize = row * channels; // of one image
    this.imageSize = side * side * channels;
  }

  /**
   * Copy each patch of n images to a row of 25 · channels numbers. What lies outside of an image is 0.
   * @param {Float32Array} images
   * @param {Float32Array} rows
   * @param {number} n
   */
  gather(images, rows, n) {
    const { lines, rowsSize, imageSize } = this;
    rows.fill(0, 0, n * rowsSize);
    for (let image = 0; image < n; image++) {
      for (let line = 0; line < lines.length; line += 3) {
        const to = image * rowsSize + lines[line];
        const from = image * imageSize + lines[line + 1];
        const length = lines[line + 2];
        for (let i = 0; i < length; i++) rows[to + i] = images[from + i];
      }
    }
  }

  /**
   * The reverse: add each row to its patch of n images, which are 0 at first.
   * @param {Float32Array} rows
   * @param {Float32Array} images
   * @param {number} n
   */
  scatter(rows, images, n) {
    const { lines, rowsSize, imageSize } = this;
    images.fill(0, 0, n * imageSize);
    for (let image = 0; image < n; image++) {
      for (let line = 0; line < lines.length; line += 3) {
        const from = image * rowsSize + lines[line];
        const to = image * imageSize + lines[line + 1];
        const length = lines[line + 2];
        for (let i = 0; i < length; i++) images[to + i] += rows[from + i];
      }
    }
  }
}
