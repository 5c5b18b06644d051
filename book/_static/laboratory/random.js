// Random numbers that depend on seeds alone: the same seeds give the same numbers.
"use strict";

/** The generator xoshiro128** of D. Blackman and S. Vigna (arXiv:1805.01407), seeded by several numbers. */
class Random {
  /** @param {...number} seeds integers; each series of them begins a sequence of its own */
  constructor(...seeds) {
    let mixed = 0x9e3779b9;
    const next = () => {
      mixed = (mixed + 0x9e3779b9) | 0;
      let bits = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
      return (bits ^ (bits >>> 15)) >>> 0;
    };
    for (const seed of seeds) {
      mixed ^= seed | 0;
      mixed = next();
    }
    this.state = Uint32Array.of(next(), next(), next(), next());
  }

  /** 32 random bits, as a number in [0, 2³²). */
  bits() {
    const s = this.state;
    const rotate = (/** @type {number} */ x, /** @type {number} */ by) => (x << by) | (x >>> (32 - by));
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 11);
    return result;
  }

  /** A number in [0, 1). */
  uniform() {
    return this.bits() / 2 ** 32;
  }

  /**
   * Fill an array with numbers of the standard normal distribution, by Box and Muller's formula.
   * @param {Float32Array} array
   */
  fillNormal(array) {
    for (let i = 0; i < array.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      array[i] = radius * Math.cos(angle);
      if (i + 1 < array.length) array[i + 1] = radius * Math.sin(angle);
    }
    return array;
  }
}
