#!/usr/bin/env bash
# many_images.sh FOLDER [COUNT] [SIZE]: a folder of COUNT JPEG images (200000) in 1000 classes, SIZE (224x224: width x
# height) each, to try read_image_folder_lazily with: hard links to a few that are made. Needs Pillow (python3-pil).
# Then: build/release/benchmarks/bench_lazy_images FOLDER 224
set -euo pipefail
/usr/bin/python3 - "$1" "${2:-200000}" "${3:-224x224}" <<'PY'
import os
import random
import sys

from PIL import Image

folder, count = sys.argv[1], int(sys.argv[2])
width, height = map(int, sys.argv[3].split("x"))
made = []
os.makedirs(folder)
for i in range(20):  # smooth shapes with some noise: about as many bytes a pixel as photographs
    draw = random.Random(i)
    coarse = Image.new("RGB", (width // 8, height // 8))
    coarse.putdata([tuple(draw.randrange(256) for _ in range(3)) for _ in range(width // 8 * (height // 8))])
    made.append(f"{folder}/.made_{i}.jpg")
    coarse.resize((width, height), Image.BICUBIC).save(made[-1], quality=90)
for i in range(count):
    name = f"{folder}/class_{i % 1000:04}"
    if i < 1000:
        os.makedirs(name)
    os.link(made[i % 20], f"{name}/{i // 1000:04}.jpg")
print(f"{folder}: {count} images of {width} x {height}, {os.path.getsize(made[0])} bytes each")
PY
