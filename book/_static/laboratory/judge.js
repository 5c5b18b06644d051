// "Judge": the trained discriminator on what the reader draws.
"use strict";

/**
 * Bring a drawing into the form of MNIST's digits: 20 pixels along its longer side, its centre of
 * mass in the middle of 28 × 28.
 * @param {HTMLCanvasElement} drawing white on black
 * @param {number} side
 */
function asDigit(drawing, side) {
  const { width, height } = drawing;
  const pixels = contextOf(drawing).getImageData(0, 0, width, height).data;
  let [left, right, top, bottom] = [width, -1, height, -1];
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      if (pixels[i] === 0) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      mass += pixels[i];
      sumX += pixels[i] * x;
      sumY += pixels[i] * y;
    }
  }
  const small = document.createElement("canvas");
  small.width = small.height = side;
  const context = contextOf(small);
  context.fillRect(0, 0, side, side);
  if (mass > 0) {
    const scale = (side * 20) / 28 / Math.max(right - left + 1, bottom - top + 1);
    context.imageSmoothingQuality = "high";
    context.setTransform(scale, 0, 0, scale, side / 2 - scale * (sumX / mass + 0.5), side / 2 - scale * (sumY / mass + 0.5));
    context.drawImage(drawing, 0, 0);
  }
  const { data } = context.getImageData(0, 0, side, side);
  return Float32Array.from({ length: side * side }, (_, i) => data[4 * i] / 127.5 - 1);
}

/**
 * What is no digit, to try the judge with.
 * @type {Record<string, (image: Float32Array, side: number) => Float32Array>}
 */
const spoilings = {
  "as it is": (image) => image,
  "upside down": (image) => image.slice().reverse(),
  "black and white exchanged": (image) => image.map((x) => -x),
  "with noise": (image) => {
    const noise = new Random(1).fillNormal(new Float32Array(image.length));
    return image.map((x, i) => Math.max(-1, Math.min(1, x + 0.3 * noise[i])));
  },
  "only its left half": (image, side) => image.map((x, i) => (i % side < side / 2 ? x : -1)),
};

/** @param {HTMLElement} section */
laboratory.start.judge = async (section) => {
  const { sizes } = laboratory.data.discriminator;
  const { side } = sizes;
  const assistant = new Assistant(section);
  await assistant.ready;
  await assistant.ask("loadDiscriminator", laboratory.data.discriminator);
  const examples = await unpackImages(laboratory.data.discriminator.examples);

  const say = speaker(find(section, "[role=status]", HTMLElement));
  const pad = find(section, ".lab-pad", HTMLCanvasElement);
  const seen = find(section, ".lab-seen", HTMLCanvasElement);
  const meter = find(section, "meter", HTMLMeterElement);
  const verdict = find(section, ".lab-verdict", HTMLElement);
  const spoiling = find(section, "select[name=spoiling]", HTMLSelectElement);
  const ink = contextOf(pad);
  let image = new Float32Array(side * side).fill(-1);

  const judge = oneAtATime(async () => {
    const shown = spoilings[spoiling.value](image, side);
    paint(seen, shown);
    const logit = (await assistant.ask("judge", shown))[0];
    const real = sigmoid(logit);
    meter.value = real;
    verdict.textContent = `${(100 * real).toFixed(1)} % real (logit ${logit.toFixed(2).replace("-", "−")})`;
    say(`The critic finds it ${(100 * real).toFixed(0)} % real.`);
  });

  const clear = () => {
    ink.fillStyle = "#000";
    ink.fillRect(0, 0, pad.width, pad.height);
  };

  // Mouse, pen and finger.
  let drawing = false;
  const place = (/** @type {PointerEvent} */ event) => {
    const box = pad.getBoundingClientRect();
    return /** @type {const} */ ([
      ((event.clientX - box.left) * pad.width) / box.width,
      ((event.clientY - box.top) * pad.height) / box.height,
    ]);
  };
  const lineTo = (/** @type {PointerEvent} */ event) => {
    ink.lineTo(...place(event));
    ink.stroke();
    ink.beginPath();
    ink.moveTo(...place(event));
    image = asDigit(pad, side);
    void judge();
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pad.closest("fieldset")?.disabled) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    drawing = true;
    spoiling.selectedIndex = 0;
    Object.assign(ink, { strokeStyle: "#fff", lineWidth: pad.width / 11, lineCap: "round", lineJoin: "round" });
    ink.beginPath();
    ink.moveTo(...place(event));
    lineTo(event);
  });
  pad.addEventListener("pointermove", (event) => drawing && lineTo(event));
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (drawing = false));

  find(section, "button[name=clear]", HTMLButtonElement).addEventListener("click", () => {
    clear();
    image = asDigit(pad, side);
    void judge();
  });

  const buttons = Array.from({ length: examples.length / side ** 2 }, (_, i) => {
    const example = examples.subarray(i * side ** 2, (i + 1) * side ** 2);
    const button = document.createElement("button");
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    paint(canvas, example);
    button.type = "button";
    button.setAttribute("aria-label", `Test digit ${Math.floor(i / 2)}, ${i % 2 ? "second" : "first"}`);
    button.append(canvas);
    button.addEventListener("click", () => {
      clear();
      image = example;
      void judge();
    });
    return button;
  });
  find(section, ".lab-examples", HTMLElement).replaceChildren(...buttons);
  leadByArrows(buttons, 10);
  spoiling.addEventListener("input", () => void judge());
  clear();
  image = examples.subarray(0, side ** 2);
  await judge();
};
