// The laboratory's beginning, all that its page loads: it finds out whether the browser can do it,
// and loads a part of the laboratory when the reader asks for it.
"use strict";

/**
 * What the scripts share: the data that they bring; the functions and classes that a worker needs;
 * what starts each part of the page, once it is loaded.
 * @type {{
 *   data: {
 *     kernel: string,
 *     generator: Trained & {directions: number[][]},
 *     discriminator: Trained & {examples: string},
 *     digits: string,
 *   },
 *   parts: Function[],
 *   start: Record<string, (section: HTMLElement) => Promise<void>>,
 *   load: (name: string) => Promise<void>,
 *   engine: string[],
 * }}
 */
const laboratory = (() => {
  const base = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  /** @type {Map<string, Promise<void>>} */
  const loaded = new Map();

  // A script can be loaded from a file, too, where `fetch` and modules cannot.
  const load = (/** @type {string} */ name) => {
    let promise = loaded.get(name);
    if (promise === undefined) {
      promise = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = new URL(`${name}.js`, base).href;
        script.onload = () => resolve();
        script.onerror = () => {
          loaded.delete(name); // to try again
          script.remove();
          reject(new Error(`${name}.js did not load`));
        };
        document.head.append(script);
      });
      loaded.set(name, promise);
    }
    return promise;
  };

  const engine = [
    "kernel", "matrices", "random", "patches", "layers", "activations", "networks", "training",
    "weights", "worker",
  ];
  return { data: /** @type {any} */ ({}), parts: [], start: {}, load, engine };
})();

(() => {
  /** What each part needs besides the engine. @type {Record<string, string[]>} */
  const needs = {
    draw: ["generator", "pictures", "draw"],
    judge: ["discriminator", "pictures", "judge"],
    train: ["digits", "pictures", "chart", "train"],
  };

  // A module with one vector instruction: browsers that know none refuse it.
  const simd = Uint8Array.of(
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
    253, 98, 11,
  );
  const able =
    typeof WebAssembly === "object" && WebAssembly.validate(simd) && typeof Worker === "function" &&
    typeof DecompressionStream === "function";

  const stops = "button:not([tabindex='-1']), select"; // the Tab key's, in a part

  const open = (/** @type {HTMLElement} */ section) => {
    const part = String(section.dataset.laboratory);
    const button = /** @type {HTMLButtonElement} */ (section.querySelector(".lab-load"));
    const status = /** @type {HTMLElement} */ (section.querySelector("[role=status]"));
    button.addEventListener("click", async () => {
      button.disabled = true;
      status.textContent = "Loading …";
      try {
        for (const name of laboratory.engine) await laboratory.load(name);
        for (const name of needs[part]) await laboratory.load(name);
        await laboratory.start[part](section);
        const fields = /** @type {HTMLFieldSetElement} */ (section.querySelector("fieldset"));
        fields.disabled = false;
        const lost = document.activeElement === button || document.activeElement === document.body;
        button.hidden = true;
        // Who came by keyboard goes on from here, not from the page's beginning.
        if (lost) /** @type {HTMLElement} */ (fields.querySelector(stops)).focus({ preventScroll: true });
      } catch (error) {
        button.disabled = false;
        status.textContent = `This did not work: ${error instanceof Error ? error.message : error}`;
      }
    });
  };

  if (!able) return; // the page says what is lacking
  document.documentElement.classList.add("lab-able"); // before anything is painted
  document.addEventListener("DOMContentLoaded", () => {
    for (const section of document.querySelectorAll("[data-laboratory]")) {
      if (section instanceof HTMLElement) open(section);
    }
  });
})();
