// node run_onnx.mjs FOLDER: ONNX Runtime computes the logits of the networks that export.cpp wrote, of all images
// together and of one by itself.
import fs from "node:fs";
import path from "node:path";

import { InferenceSession, Tensor } from "onnxruntime-node";

const folder = process.argv[2];
const most = 1e-4;
let files = 0;
let worst = 0;
for (const one of JSON.parse(fs.readFileSync(path.join(folder, "cases.json"), "utf8"))) {
    const pixels = Float32Array.from(fs.readFileSync(path.join(folder, one.images)));
    const bytes = fs.readFileSync(path.join(folder, one.logits));
    const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const size = pixels.length / one.sizes[0];
    for (const name of one.onnx) {
        const session = await InferenceSession.create(path.join(folder, name), { intraOpNumThreads: 1 });
        for (const count of [one.sizes[0], 1]) {
            const images = new Tensor("float32", pixels.slice(0, count * size), [count, ...one.sizes.slice(1)]);
            const { logits } = await session.run({ images });
            if (logits.dims.join() !== [count, one.classes].join()) {
                throw new Error(`${name}: the logits are ${logits.dims}`);
            }
            logits.data.forEach((v, i) => {
                const difference = Math.abs(v - expected[i]);
                if (!(difference <= most)) {
                    throw new Error(`${name}: logit ${i}: expected ${expected[i]}, got ${v}`);
                }
                worst = Math.max(worst, difference);
            });
        }
        ++files;
    }
}
if (files === 0) {
    throw new Error("there are no files");
}
console.log(`${files} files; logits differ by at most ${worst.toExponential(1)}`);
