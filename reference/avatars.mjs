// Draws the avatars of `load_avatars` as SVG, one a line: node avatars.mjs COUNT > avatars.txt
//
// Needs @dicebear/core and @dicebear/pixel-art, both 9.4.3 (npm install, in any folder above or
// NODE_PATH's). DiceBear draws the same avatar from the same seed every time; the seeds are "0",
// "1", "2", ... and the backgrounds five pale colours.
import { createAvatar } from '@dicebear/core';
import * as pixelArt from '@dicebear/pixel-art';

const backgroundColor = ['b6e3f4', 'c0aede', 'd1d4f9', 'ffd5dc', 'ffdfbf'];
const lines = Array.from({ length: Number(process.argv[2]) }, (_, i) =>
  createAvatar(pixelArt, { seed: String(i), backgroundColor }).toString(),
);
process.stdout.write(lines.map((svg) => svg.replaceAll('\n', ' ') + '\n').join(''));
