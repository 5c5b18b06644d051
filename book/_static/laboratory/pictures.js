// Small images on the page.
"use strict";

/**
 * Paint a square image, floats in [-1, 1], on a canvas of its size.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} image
 */
function paint(canvas, image) {
  const side = Math.sqrt(image.length);
  paintGrid(canvas, image, side, 1);
}

/**
 * Paint images beside and below each other.
 * @param {HTMLCanvasElement} canvas `columns` times as wide as an image
 * @param {Float32Array} images
 * @param {number} side of one image
 * @param {number} columns
 */
function paintGrid(canvas, images, side, columns) {
  const context = contextOf(canvas);
  const count = images.length / (side * side);
  const whole = context.createImageData(side * columns, side * Math.ceil(count / columns));
  for (let i = 0; i < images.length; i++) {
    const [image, pixel] = [Math.floor(i / (side * side)), i % (side * side)];
    const x = (image % columns) * side + (pixel % side);
    const y = Math.floor(image / columns) * side + Math.floor(pixel / side);
    const at = 4 * (y * whole.width + x);
    whole.data.fill((images[i] + 1) * 127.5, at, at + 3);
    whole.data[at + 3] = 255;
  }
  context.putImageData(whole, 0, 0);
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser paints on no canvas");
  return context;
}

/**
 * The element of a part of the page that a selector names.
 * @template {HTMLElement} T
 * @param {HTMLElement} section
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
function find(section, selector, kind) {
  const element = section.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page lacks ${selector}`);
  return element;
}

/**
 * Make buttons one stop of the keyboard's Tab, among which the arrow keys lead.
 * @param {HTMLButtonElement[]} buttons
 * @param {number} columns
 */
function leadByArrows(buttons, columns) {
  const steps = new Map([["ArrowLeft", -1], ["ArrowRight", 1], ["ArrowUp", -columns], ["ArrowDown", columns]]);
  const makeReachable = (/** @type {HTMLButtonElement} */ chosen) => {
    for (const button of buttons) button.tabIndex = button === chosen ? 0 : -1;
  };
  buttons.forEach((button, place) => {
    button.addEventListener("focus", () => makeReachable(button));
    button.addEventListener("keydown", (event) => {
      const next = buttons[place + (steps.get(event.key) ?? NaN)];
      if (!steps.has(event.key)) return;
      event.preventDefault();
      next?.focus();
    });
  });
  makeReachable(buttons[0]);
}

/**
 * Return a function that does a piece of work again whenever it is asked to, but only once at a
 * time: what is asked for meanwhile is done once, afterwards.
 * @param {() => Promise<void>} work
 */
function oneAtATime(work) {
  let busy = false;
  let again = false;
  return async () => {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again) {
        again = false;
        await work();
      }
    } finally {
      busy = false;
    }
  };
}

/**
 * Return a function that tells a status at most every few seconds, so that a screen reader can keep
 * up; the last status is always told.
 * @param {HTMLElement} status
 */
function speaker(status) {
  const pause = 5000; // milliseconds
  let last = -pause;
  let timer = 0;
  return (/** @type {string} */ text) => {
    clearTimeout(timer);
    const tell = () => {
      last = performance.now();
      status.textContent = text;
    };
    const wait = last + pause - performance.now();
    if (wait <= 0) tell();
    else timer = window.setTimeout(tell, wait);
  };
}
