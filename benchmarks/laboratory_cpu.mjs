// The processor time of what the laboratory computes, in Node, whose engine is Chromium's:
//
//     node benchmarks/laboratory_cpu.mjs [ROUNDS]
//
// Other work on the machine stretches the time by the clock many times over, and that of the processor little.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const rounds = Number(process.argv[2] ?? 50);
const folder = new URL("../book/_static/laboratory/", import.meta.url);
const read = (name) => readFileSync(new URL(`${name}.js`, folder), "utf8");

// What laboratory.js asks a page for; no worker is started.
const page = {
  document: { currentScript: { src: folder.href }, documentElement: { classList: { add() {} } }, addEventListener() {} },
  Worker: function Worker() {},
};
const engine = /engine = \[(.*?)\]/s.exec(read("laboratory"))[1].match(/\w+/g);
const source = ["laboratory", ...engine, "generator", "digits"].map((name) => read(name).replace('"use strict";', ""));

async function measure() {
  const least = (work) => {
    const times = Array.from({ length: rounds + 3 }, () => {
      const [before, clock] = [process.cpuUsage(), performance.now()];
      work();
      const { user, system } = process.cpuUsage(before);
      return [(user + system) / 1000, performance.now() - clock];
    });
    return times.slice(3).reduce(([a, b], [c, d]) => [Math.min(a, c), Math.min(b, d)]);
  };
  const kernel = bytesOf(laboratory.data.kernel);
  const matrices = new Matrices(kernel);
  const { generator } = laboratory.data;
  const draws = makeGenerator({ matrices, most: 16, trained: false }, generator.sizes, { folded: true });
  const noise = matrices.reserve(16 * generator.sizes.noise);
  await setWeights(draws, matrices, generator);
  new Random(1).fillNormal(matrices.array(noise));
  const settings = { noise: 100, side: 28, filters: 16, batch: 16, seed: 1 };
  const training = new Training(kernel, await unpackImages(laboratory.data.digits), settings);
  const rates = { generatorRate: 1e-3, discriminatorRate: 5e-4, beta1: 0 };
  return { "sixteen images": least(() => draws.forward(noise, 16)), "a step": least(() => training.train(rates)) };
}

Object.assign(globalThis, page);
const got = await vm.runInThisContext(`(() => { ${source.join("\n")}; const rounds = ${rounds}; return (${measure})(); })()`);
for (const [what, [processor, clock]] of Object.entries(got)) {
  console.log(`${what}: ${processor.toFixed(1)} ms of the processor, ${clock.toFixed(1)} ms by the clock (each the least of ${rounds})`);
}
