// "Draw": the trained generator on sixteen vectors of noise.
"use strict";

/**
 * Walk from one vector to another along the sphere, as `dcgan.interpolate_noise` does.
 * @param {Float32Array} start
 * @param {Float32Array} end
 * @param {number} t from 0 to 1
 */
function between(start, end, t) {
  const dot = (/** @type {Float32Array} */ a, /** @type {Float32Array} */ b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const cosine = dot(start, end) / Math.sqrt(dot(start, start) * dot(end, end));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const straight = !(Math.sin(angle) >= 1e-6); // the same direction, or none: a line is as good
  const a = straight ? 1 - t : Math.sin((1 - t) * angle) / Math.sin(angle);
  const b = straight ? t : Math.sin(t * angle) / Math.sin(angle);
  return start.map((x, i) => a * x + b * end[i]);
}

/** @param {HTMLElement} section */
laboratory.start.draw = async (section) => {
  const { sizes, directions } = laboratory.data.generator;
  const assistant = new Assistant(section);
  await assistant.ready;
  await assistant.ask("loadGenerator", laboratory.data.generator);

  const status = find(section, "[role=status]", HTMLElement);
  const say = speaker(status);
  const random = new Random(Date.now());
  const fresh = () => random.fillNormal(new Float32Array(sizes.noise));
  const noise = Array.from({ length: 16 }, fresh);
  const input = (/** @type {string} */ name) => find(section, `input[name=${name}]`, HTMLInputElement);
  const select = (/** @type {string} */ name) => find(section, `select[name=${name}]`, HTMLSelectElement);
  const [length, push, walk] = ["length", "push", "walk"].map(input);
  const [digit, from, to] = ["digit", "from", "to"].map(select);
  const walked = find(section, ".lab-walked", HTMLCanvasElement);

  const tiles = noise.map((_, i) => {
    const button = document.createElement("button");
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = sizes.side;
    button.type = "button";
    button.setAttribute("aria-label", `Image ${i + 1}: draw another`);
    button.append(canvas);
    button.addEventListener("click", async () => {
      noise[i] = fresh();
      await drawAll();
      say(`Image ${i + 1} is another one.`);
    });
    return { button, canvas };
  });
  find(section, ".lab-images", HTMLElement).replaceChildren(...tiles.map(({ button }) => button));
  leadByArrows(tiles.map(({ button }) => button), 4);

  // The noise that is drawn: made shorter or longer, and pushed in the direction of a digit.
  const shown = (/** @type {Float32Array} */ vector) => {
    const direction = directions[Number(digit.value)];
    return vector.map((x, i) => Number(length.value) * x + Number(push.value) * direction[i]);
  };

  const drawWalk = oneAtATime(async () => {
    const ends = [from, to].map(({ value }) => shown(noise[Number(value)]));
    const { images } = await assistant.ask("draw", between(ends[0], ends[1], Number(walk.value)));
    paint(walked, images);
  });

  const drawAll = oneAtATime(async () => {
    const all = new Float32Array(16 * sizes.noise);
    noise.forEach((vector, i) => all.set(shown(vector), i * sizes.noise));
    const { images, milliseconds } = await assistant.ask("draw", all);
    const pixels = sizes.side ** 2;
    tiles.forEach(({ canvas }, i) => paint(canvas, images.subarray(i * pixels, (i + 1) * pixels)));
    say(`Sixteen images in ${milliseconds.toFixed(0)} milliseconds.`);
    await drawWalk();
  });

  const showEnds = () => {
    tiles.forEach(({ button }, i) => {
      button.classList.toggle("lab-from", i === Number(from.value));
      button.classList.toggle("lab-to", i === Number(to.value));
    });
  };

  find(section, "button[name=fresh]", HTMLButtonElement).addEventListener("click", () => {
    noise.forEach((_, i) => (noise[i] = fresh()));
    void drawAll();
  });
  for (const control of [length, push, digit]) {
    control.addEventListener("input", () => {
      showNumber(section, control);
      void drawAll();
    });
  }
  for (const control of [walk, from, to]) {
    control.addEventListener("input", () => {
      showNumber(section, control);
      showEnds();
      void drawWalk();
    });
  }
  for (const control of [length, push, walk]) showNumber(section, control);
  showEnds();
  await drawAll();
};

/**
 * Show a slider's value beside it.
 * @param {HTMLElement} section
 * @param {HTMLInputElement | HTMLSelectElement} control
 */
function showNumber(section, control) {
  const output = section.querySelector(`output[for=${control.id}]`);
  if (output) output.textContent = Number(control.value).toFixed(2);
}
