// node time_onnx.mjs MODEL...: microseconds that ONNX Runtime takes for one image on one thread, the median of 2,000 calls
// after 200. The models are those of `bench_inference --write-onnx FOLDER`.
import path from "node:path";

import { InferenceSession, Tensor } from "onnxruntime-node";

for (const model of process.argv.slice(2)) {
    const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    const sizes = path.basename(model, ".onnx").split("-")[1].split("x").map(Number); // channels, height, width
    const pixels = Float32Array.from({ length: sizes.reduce((a, b) => a * b) }, (_, i) => (i * 37) % 256);
    const images = new Tensor("float32", pixels, [1, ...sizes]);
    const taken = [];
    for (let call = 0; call < 2200; ++call) {
        const before = process.hrtime.bigint();
        await session.run({ images });
        if (call >= 200) {
            taken.push(Number(process.hrtime.bigint() - before) / 1000);
        }
    }
    taken.sort((a, b) => a - b);
    console.log(`${path.basename(model)}: ${taken[taken.length / 2].toFixed(1)}`);
}
