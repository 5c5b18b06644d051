// Numbers in WebAssembly's memory, and the product of matrices there.
"use strict";

/**
 * A row of float32 numbers in the memory: where it begins, in bytes, and how many there are.
 * @typedef {{at: number, size: number}} Numbers
 */

/**
 * What kernel.wat exports.
 * @typedef {{memory: WebAssembly.Memory, multiply: (...numbers: number[]) => void}} Kernel
 */

class Matrices {
  /**
   * Make the matrices of one training or one generator: a memory of their own.
   * @param {Uint8Array<ArrayBuffer>} bytes kernel.wat, assembled
   */
  constructor(bytes) {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    this.kernel = /** @type {Kernel} */ (/** @type {unknown} */ (instance.exports));
    this.end = 64; // the first byte that is free
    this.scratch = this.reserve(8 * Matrices.longest + 32);
    /** @type {Map<Numbers, Float32Array>} */
    this.views = new Map();
  }

  /** The largest number of columns of a left factor, for which the kernel has scratch memory. */
  static longest = 1 << 15;

  /**
   * Reserve room for numbers, at first 0, on a boundary of 64 bytes.
   * @param {number} size
   * @returns {Numbers}
   */
  reserve(size) {
    const { memory } = this.kernel;
    const at = this.end;
    this.end += Math.ceil(size / 16) * 64;
    const pages = Math.ceil((this.end - memory.buffer.byteLength) / 65536);
    if (pages > 0) {
      memory.grow(pages);
      this.views = new Map(); // the memory has moved
    }
    return { at, size };
  }

  /**
   * Return numbers as an array, which is valid until more room is reserved.
   * @param {Numbers} numbers
   */
  array(numbers) {
    let view = this.views.get(numbers);
    if (view === undefined) {
      view = new Float32Array(this.kernel.memory.buffer, numbers.at, numbers.size);
      this.views.set(numbers, view);
    }
    return view;
  }

  /**
   * c = a·b, where a has m rows and k columns, and b has k rows and n columns.
   * @param {number} m
   * @param {number} n
   * @param {number} k
   * @param {Numbers} a
   * @param {Numbers} b
   * @param {Numbers} c
   * @param {{aTransposed?: boolean, bTransposed?: boolean}} stored whether the memory holds the transposed
   *   matrix, which has the columns of the matrix as its rows
   */
  multiply(m, n, k, a, b, c, { aTransposed = false, bTransposed = false } = {}) {
    if (k > Matrices.longest) throw new RangeError(`k must be at most ${Matrices.longest}, got ${k}`);
    const [aRow, aColumn] = aTransposed ? [4, 4 * m] : [4 * k, 4];
    const [bRow, bColumn] = bTransposed ? [4, 4 * k] : [4 * n, 4];
    this.kernel.multiply(
      m, n, k, a.at, aRow, aColumn, b.at, bRow, bColumn, c.at, 4 * n, this.scratch.at,
    );
  }
}
