// The losses of a training as two lines, with the losses of a balance.
"use strict";

class Chart {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {number[][]} */
    this.losses = [[], []]; // the generator's, the discriminator's
  }

  clear() {
    this.losses = [[], []];
    this.paint();
  }

  /** @param {{generatorLoss: number, discriminatorLoss: number}[]} losses */
  add(losses) {
    for (const { generatorLoss, discriminatorLoss } of losses) {
      this.losses[0].push(generatorLoss);
      this.losses[1].push(discriminatorLoss);
    }
  }

  /** Paint it all in the colours of the page. */
  paint() {
    const { canvas, losses } = this;
    const context = contextOf(canvas);
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0) return;
    canvas.width = width * scale;
    canvas.height = height * scale;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(canvas);
    const [ink, ...lines] = [style.color, ...["--lab-generator", "--lab-discriminator"].map((name) => style.getPropertyValue(name))];
    const margin = { left: 34, right: 44, top: 8, bottom: 22 };
    const steps = Math.max(losses[0].length, 50);
    const finite = losses.flat().filter(Number.isFinite);
    // A single outburst does not squash the rest: the scale ends above nearly all of the losses.
    const most = finite.length ? finite.sort((a, b) => a - b)[Math.floor(0.99 * (finite.length - 1))] : 0;
    const top = Math.max(2, 1.1 * most);
    const x = (/** @type {number} */ step) => margin.left + (step / steps) * (width - margin.left - margin.right);
    const y = (/** @type {number} */ loss) =>
      height - margin.bottom - (Math.min(loss, top) / top) * (height - margin.top - margin.bottom);

    context.font = `12px ${style.fontFamily}`;
    context.fillStyle = context.strokeStyle = ink;
    context.lineWidth = 1;
    context.textAlign = "right";
    context.textBaseline = "middle";
    const unit = [0.5, 1, 2, 5, 10, 20, 50, 100].find((step) => top / step <= 5) ?? top;
    for (let loss = 0; loss <= top; loss += unit) context.fillText(String(loss), margin.left - 6, y(loss));
    context.textAlign = "left";
    context.setLineDash([4, 4]);
    for (const [loss, label] of /** @type {const} */ ([[Math.LN2, "ln 2"], [2 * Math.LN2, "2 ln 2"]])) {
      context.beginPath();
      context.moveTo(margin.left, y(loss));
      context.lineTo(width - margin.right, y(loss));
      context.stroke();
      if (top < 12 || loss > 1) context.fillText(label, width - margin.right + 5, y(loss));
    }
    context.setLineDash([]);
    context.textBaseline = "bottom";
    context.fillText("0", margin.left, height - 2);
    context.textAlign = "right";
    context.fillText(`step ${steps}`, width - margin.right, height - 2);
    losses.forEach((series, which) => {
      context.strokeStyle = lines[which];
      context.lineWidth = 1.5;
      context.beginPath();
      series.forEach((loss, step) => context.lineTo(x(step), y(Number.isFinite(loss) ? loss : top)));
      context.stroke();
    });
  }
}
