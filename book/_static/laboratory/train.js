// "Train": two networks that train each other, in front of the reader.
"use strict";

/** The rates that a slider can be set to. */
const rateSteps = [-6, -5, -4, -3, -2].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));

/**
 * Settings that have a name. All else is as in the first one, that of the quick recipe.
 * @type {Record<string, Rates>}
 */
const presets = {
  balanced: { generatorRate: 1e-3, discriminatorRate: 5e-4, beta1: 0 },
  strong: { generatorRate: 1e-3, discriminatorRate: 2e-2, beta1: 0 },
  collapse: { generatorRate: 2e-2, discriminatorRate: 5e-4, beta1: 0 },
  asleep: { generatorRate: 1e-3, discriminatorRate: 1e-6, beta1: 0 },
  momentum: { generatorRate: 1e-3, discriminatorRate: 5e-4, beta1: 0.9 },
};

/** @param {HTMLElement} section */
laboratory.start.train = async (section) => {
  const [noise, side] = [100, 28];
  const input = (/** @type {string} */ name) => find(section, `input[name=${name}]`, HTMLInputElement);
  const select = (/** @type {string} */ name) => find(section, `select[name=${name}]`, HTMLSelectElement);
  const button = (/** @type {string} */ name) => find(section, `button[name=${name}]`, HTMLButtonElement);
  const [generatorRate, discriminatorRate, beta1, seed] = ["generator-rate", "discriminator-rate", "beta1", "seed"].map(input);
  const [preset, batch, filters] = ["preset", "batch", "filters"].map(select);
  const canvas = find(section, ".lab-grid", HTMLCanvasElement);
  const counter = find(section, ".lab-counter", HTMLElement);
  const status = find(section, "[role=status]", HTMLElement);
  const say = speaker(status);
  const chart = new Chart(find(section, ".lab-chart", HTMLCanvasElement));
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let running = false;
  let pausedByHiding = false;
  let painted = -Infinity; // when the images were painted last
  /** @type {any} what the worker told of last */
  let latest;

  const tell = () => {
    const [generator, discriminator] = chart.losses.map((losses) => losses.at(-1)?.toFixed(2));
    const numbers = generator === undefined ? "not yet trained" : `generator ${generator}, discriminator ${discriminator}`;
    say(`${running ? "Training" : "Waiting"}. Step ${latest.step}, ${numbers}.`);
    // With reduced motion, the pictures change every two seconds, not ten times in one.
    if (running && calm.matches && performance.now() - painted <= 2000) return;
    painted = performance.now();
    paintGrid(canvas, latest.images, side, 4);
    chart.paint();
    const speed = running ? `, ${latest.imagesPerSecond.toFixed(0)} images a second` : "";
    counter.textContent = `Step ${latest.step}: ${numbers}${speed}`;
  };

  const show = (/** @type {any} */ frame) => {
    latest = frame;
    chart.add(frame.losses);
    tell();
    section.dataset.step = String(frame.step);
  };

  const assistant = new Assistant(section, show);
  await assistant.ready;
  await assistant.ask("loadDigits", laboratory.data.digits);

  /** @returns {Rates} */
  const rates = () => ({
    generatorRate: rateSteps[Number(generatorRate.value)],
    discriminatorRate: rateSteps[Number(discriminatorRate.value)],
    beta1: Number(beta1.value),
  });

  const sendRates = () => {
    for (const control of [generatorRate, discriminatorRate, beta1]) {
      const value = control === beta1 ? control.value : String(rateSteps[Number(control.value)]);
      find(section, `output[for=${control.id}]`, HTMLOutputElement).textContent = value;
      control.setAttribute("aria-valuetext", value);
    }
    return assistant.ask("setRates", rates());
  };

  const setRunning = async (/** @type {boolean} */ now) => {
    running = now;
    button("run").textContent = running ? "Pause" : "Train";
    await assistant.ask(running ? "run" : "pause");
    if (!running && latest) tell(); // of all that came until now
  };

  const reset = async () => {
    if (!seed.checkValidity()) {
      assistant.complain(`the seed must be a whole number from ${seed.min} to ${seed.max}`);
      return;
    }
    status.classList.remove("lab-wrong");
    const settings = { noise, side, filters: Number(filters.value), batch: Number(batch.value), seed: Number(seed.value) };
    const paused = setRunning(false);
    const prepared = assistant.ask("prepare", settings); // at once, so that a step asked for now is the new run's
    await paused; // what it has told until now is here then
    chart.clear();
    show(await prepared);
  };

  const choose = () => {
    const chosen = presets[preset.value];
    generatorRate.value = String(rateSteps.indexOf(chosen.generatorRate));
    discriminatorRate.value = String(rateSteps.indexOf(chosen.discriminatorRate));
    beta1.value = String(chosen.beta1);
    for (const text of section.querySelectorAll("[data-preset]")) {
      if (text instanceof HTMLElement) text.hidden = text.dataset.preset !== preset.value;
    }
    return sendRates();
  };

  button("run").addEventListener("click", () => void setRunning(!running));
  button("step").addEventListener("click", async () => {
    if (running) await setRunning(false);
    show(await assistant.ask("oneStep"));
  });
  button("reset").addEventListener("click", () => void reset());
  preset.addEventListener("input", async () => {
    await choose();
    await reset();
  });
  for (const control of [generatorRate, discriminatorRate, beta1]) control.addEventListener("input", () => void sendRates());
  for (const control of [batch, filters, seed]) control.addEventListener("change", () => void reset());

  // A hidden tab pauses, and goes on when it is seen again.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden ? running : pausedByHiding) {
      pausedByHiding = document.hidden;
      void setRunning(!document.hidden);
    }
  });
  window.addEventListener("resize", () => chart.paint());
  new MutationObserver(() => chart.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });

  await choose();
  await reset();
};
