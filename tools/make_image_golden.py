#!/usr/bin/python3
"""Writes tests/data/golden/: small JPEG and PNG images of all kinds, and the pixels that Pillow reads of them.

    tools/make_image_golden.py

Needs Pillow (Debian: python3-pil), only to make the files anew; they are committed. `pixels.txt` has a line for each
image, `FILE HEIGHT WIDTH CHANNELS HEX`: upright as `ImageOps.exif_transpose` makes it, in RGB or, where the file is grey,
in grey; of 16 bits grey the upper byte, since Pillow clips there. `grey.txt` has the same of `convert("L")`. `resize.txt`
has `KIND HEIGHT WIDTH CHANNELS TO_HEIGHT TO_WIDTH HEX` of the image whose value in row y, column x, channel c is
(37 y + 101 x + 59 c + x y) mod 256: by `resize`, and for centre_crop as torchvision's Resize and CenterCrop do.
`scaled.txt` has `EIGHTHS HEIGHT WIDTH CHANNELS HEX` of large.jpg, which is in no other list. `crop.txt` has `SEED EPOCH
IMAGE HEIGHT WIDTH MIN_AREA MAX_AREA MIN_RATIO MAX_RATIO` and the part `TOP LEFT HEIGHT WIDTH`; `jitter.txt` has `SEED EPOCH
IMAGE CHANNELS BRIGHTNESS CONTRAST SATURATION HEX` of the image as above, 5 x 4. The .npy
files are NumPy's (python3-numpy): value i of the images is (7 i + 3) mod 256, in floats a part of 255.
"""
import io
import math
import pathlib
import struct
import zlib

import numpy
from PIL import Image, ImageEnhance, ImageOps

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "golden"
HEIGHT, WIDTH = 9, 13


def colour(height=HEIGHT, width=WIDTH):
    """Slopes, with a bright spot and an edge."""
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            spot = 120 if (y - 4) ** 2 + (x - 8) ** 2 < 6 else 0
            image.putpixel((x, y), (255 * x // (width - 1), 255 * y // (height - 1), min(255, 40 + 20 * (x > y) + spot)))
    return image


def orientation(value, order="<"):
    """EXIF with one entry."""
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, value, 0)
    return (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, 1) + entry + b"\0\0\0\0"


def png(width, height, depth, kind, rows, interlaced=False, before=b""):
    """A PNG file. `rows`: packed bytes of each row; where it is interlaced a function (y, x) gives a pixel's bytes."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        data = b""
        for y0, x0, dy, dx in passes:
            for y in range(y0, height, dy):
                line = b"".join(rows(y, x) for x in range(x0, width, dx))
                data += b"\0" + line if line else b""
    else:
        data = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
            + before + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def packed(bits, value):
    """Rows of WIDTH values of a few bits."""
    for y in range(HEIGHT):
        text = "".join(format(value(y, x), f"0{bits}b") for x in range(WIDTH))
        text += "0" * (-len(text) % 8)
        yield bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))


def saved(image, kind, **options):
    to = io.BytesIO()
    image.save(to, kind, **options)
    return to.getvalue()


def two_components(grey):
    """A header of a JPEG image of two components, which no colour space has."""
    start = grey.index(b"\xff\xc0")
    size = struct.unpack(">H", grey[start + 2:start + 4])[0]
    frame = grey[start + 4:start + 2 + size]
    frame = struct.pack(">H", size + 3) + frame[:5] + b"\x02" + frame[6:] + b"\x02\x11\x00"
    scan = b"\xff\xda" + struct.pack(">H", 10) + b"\x02\x01\x00\x02\x00\x00\x3f\x00"
    return grey[:start] + b"\xff\xc0" + frame + grey[start + 2 + size:grey.index(b"\xff\xda")] + scan + b"\0\xff\xd9"


def images():
    rgb = colour()
    grey = rgb.convert("L")
    yield "colour.jpg", saved(rgb, "JPEG", quality=85, optimize=True)
    yield "whole_chroma.jpg", saved(rgb, "JPEG", quality=85, optimize=True, subsampling=0)
    yield "progressive.jpg", saved(rgb, "JPEG", quality=85, optimize=True, progressive=True)
    yield "grey.jpg", saved(grey, "JPEG", quality=85, optimize=True)
    yield "cmyk.jpg", saved(rgb.convert("CMYK"), "JPEG", quality=85, optimize=True)
    yield "exif_6.jpg", saved(rgb, "JPEG", quality=85, optimize=True, exif=b"Exif\0\0" + orientation(6))
    yield "exif_8_big_endian.jpg", saved(grey, "JPEG", quality=85, optimize=True, exif=b"Exif\0\0" + orientation(8, ">"))
    yield "colour.png", saved(rgb, "PNG")
    yield "grey.png", saved(grey, "PNG")
    yield "palette.png", saved(rgb.quantize(7), "PNG", bits=4)
    yield "palette_transparent.png", saved(rgb.quantize(5), "PNG", transparency=bytes([0, 255, 90]))
    yield "alpha.png", saved(Image.merge("RGBA", (*rgb.split(), grey)), "PNG")
    yield "grey_alpha.png", saved(Image.merge("LA", (grey, grey)), "PNG")
    yield "grey_1.png", saved(grey.convert("1"), "PNG")
    yield "grey_2.png", png(WIDTH, HEIGHT, 2, 0, packed(2, lambda y, x: (x + y) % 4))
    yield "grey_4.png", png(WIDTH, HEIGHT, 4, 0, packed(4, lambda y, x: (3 * x + y) % 16))
    wide = lambda y, x, c: (y * 5000 + x * 4001 + c * 20011) % 65536
    yield "colour_16.png", png(WIDTH, HEIGHT, 16, 2, [
        b"".join(struct.pack(">H", wide(y, x, c)) for x in range(WIDTH) for c in range(3)) for y in range(HEIGHT)])
    yield "grey_16.png", png(WIDTH, HEIGHT, 16, 0, [
        b"".join(struct.pack(">H", wide(y, x, 0)) for x in range(WIDTH)) for y in range(HEIGHT)])
    yield "interlaced.png", png(WIDTH, HEIGHT, 8, 2, lambda y, x: bytes(rgb.getpixel((x, y))), interlaced=True)
    for value in range(1, 9):
        yield f"exif_{value}.png", saved(colour(3, 5), "PNG", exif=orientation(value))
    yield "two_components.jpg", two_components(saved(grey, "JPEG", quality=85, optimize=True))


def pixels(name, data, mode=None):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda v: v / 256).convert("L")
    mode = mode or ("L" if image.mode in ("1", "L", "LA") else "RGB")
    image = image.convert(mode)
    return f"{name} {image.height} {image.width} {len(image.getbands())} {image.tobytes().hex()}\n"


def resized():
    for height, width, channels, to_height, to_width in [
            (9, 13, 3, 4, 5), (9, 13, 1, 5, 13), (9, 13, 3, 9, 6), (40, 57, 3, 7, 9), (5, 4, 3, 12, 11), (3, 3, 1, 8, 1),
            (1, 1, 3, 3, 2), (64, 3, 1, 2, 7), (17, 300, 1, 3, 11)]:
        data = bytes((37 * y + 101 * x + 59 * c + x * y) % 256 for y in range(height) for x in range(width)
                     for c in range(channels))
        image = Image.frombytes("L" if channels == 1 else "RGB", (width, height), data)
        start = f"{height} {width} {channels} {to_height} {to_width} "
        yield "stretch " + start + image.resize((to_width, to_height), Image.BILINEAR).tobytes().hex() + "\n"
        if to_height * width >= to_width * height:
            whole = (int(to_height * width / height), to_height)
        else:
            whole = (to_width, int(to_width * height / width))
        image = image.resize(whole, Image.BILINEAR)
        top, left = round((whole[1] - to_height) / 2), round((whole[0] - to_width) / 2)
        image = image.crop((left, top, left + to_width, top + to_height))
        yield "centre_crop " + start + image.tobytes().hex() + "\n"


class Stream:
    """The library's random_stream: Philox 4x32-10 of Salmon et al., and what it makes of the bits."""

    def __init__(self, seed, purpose, step, index):
        self.key = (seed & 0xFFFFFFFF, seed >> 32)
        self.counter = [0, step & 0xFFFFFFFF, purpose ^ (step >> 32) << 8, index]
        self.words = []

    def bits(self):
        if not self.words:
            (a, b, c, d), (k, l) = self.counter, self.key
            for _ in range(10):
                x, y = 0xD2511F53 * a, 0xCD9E8D57 * c
                a, b, c, d = y >> 32 ^ b ^ k, y & 0xFFFFFFFF, x >> 32 ^ d ^ l, x & 0xFFFFFFFF
                k, l = (k + 0x9E3779B9) & 0xFFFFFFFF, (l + 0xBB67AE85) & 0xFFFFFFFF
            self.words = [a, b, c, d]
            self.counter[0] += 1
        return self.words.pop(0)

    def uniform(self, low=0.0, high=1.0):
        first = self.bits()
        return low + (high - low) * (((first << 21) ^ (self.bits() >> 11)) * 2.0 ** -53)

    def below(self, n):
        while True:
            product = self.bits() * n
            if (product & 0xFFFFFFFF) >= (2 ** 32 - n) % n:
                return product >> 32

    def shuffle(self, items):
        for i in range(len(items), 1, -1):
            j = self.below(i)
            items[i - 1], items[j] = items[j], items[i - 1]


CROP, COLOUR = 13, 14


def crop(seed, epoch, number, height, width, areas, ratios):
    """torchvision's RandomResizedCrop.get_params, with these draws."""
    draw = Stream(seed, CROP, epoch, number)
    for _ in range(10):
        area = height * width * draw.uniform(*areas)
        ratio = math.exp(draw.uniform(math.log(ratios[0]), math.log(ratios[1])))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            top = draw.below(height - h + 1)
            return top, draw.below(width - w + 1), h, w
    w, h = width, height
    if width / height < ratios[0]:
        h = round(w / ratios[0])
    elif width / height > ratios[1]:
        w = round(h * ratios[1])
    return (height - h) // 2, (width - w) // 2, h, w


def crops():
    for height, width, areas, ratios in [(375, 500, (0.08, 1), (3 / 4, 4 / 3)), (9, 13, (0.3, 0.9), (0.5, 2)),
                                         (10, 100, (0.9, 1), (3 / 4, 4 / 3)), (100, 10, (0.9, 1), (3 / 4, 4 / 3))]:
        for seed, epoch, number in [(0, 0, 0), (7, 2, 5), (2 ** 40 + 1, 300, 1281166)]:
            yield " ".join(map(str, (seed, epoch, number, height, width, *areas, *ratios,
                                     *crop(seed, epoch, number, height, width, areas, ratios)))) + "\n"


def jittered():
    """torchvision's ColorJitter, with the draws of the library."""
    enhancers = [ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color]
    for ranges in [(0.4, 0, 0), (0, 0.4, 0), (0, 0, 0.4), (0.4, 0.4, 0.4), (1.5, 2, 3)]:
        for channels in (1, 3):
            for seed, epoch, number in [(0, 0, 0), (7, 2, 5), (2 ** 40 + 1, 300, 1281166)]:
                data = bytes((37 * y + 101 * x + 59 * c + x * y) % 256 for y in range(5) for x in range(4)
                             for c in range(channels))
                image = Image.frombytes("L" if channels == 1 else "RGB", (4, 5), data)
                draw = Stream(seed, COLOUR, epoch, number)
                order = [0, 1, 2]
                draw.shuffle(order)
                for which in order:
                    x = ranges[which]
                    factor = draw.uniform(max(0, 1 - x), 1 + x)
                    if x != 0:
                        image = enhancers[which](image).enhance(factor)
                yield f"{seed} {epoch} {number} {channels} {' '.join(map(str, ranges))} {image.tobytes().hex()}\n"


def scaled(data):
    """What libjpeg gives of a smaller scale, which Pillow asks for by `draft`."""
    for eighths in (1, 2, 4, 8):
        image = Image.open(io.BytesIO(data))
        image.draft("RGB", (image.width * eighths // 8, image.height * eighths // 8))
        yield f"{eighths} {image.height} {image.width} 3 {image.convert('RGB').tobytes().hex()}\n"


def main():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    made = dict(images())
    for name, data in made.items():
        (GOLDEN / name).write_bytes(data)
    whole = {name: data for name, data in made.items() if name != "two_components.jpg"}
    (GOLDEN / "pixels.txt").write_text("".join(pixels(name, data) for name, data in whole.items()))
    (GOLDEN / "grey.txt").write_text("".join(pixels(name, whole[name], "L") for name in ("colour.jpg", "colour.png")))
    values = (7 * numpy.arange(72) + 3) % 256
    numpy.save(GOLDEN / "nhwc_u1.npy", values.astype(numpy.uint8).reshape(4, 2, 3, 3))
    numpy.save(GOLDEN / "nchw_f4.npy", (values / 255).astype(numpy.float32).reshape(4, 3, 2, 3))
    numpy.save(GOLDEN / "nhw_i8.npy", values.reshape(4, 3, 6))
    numpy.save(GOLDEN / "fortran.npy", numpy.asfortranarray(values.astype(numpy.uint8).reshape(4, 2, 3, 3)))
    numpy.save(GOLDEN / "labels_i8.npy", numpy.array([2, 0, 1, 0]))
    (GOLDEN / "resize.txt").write_text("".join(resized()))
    (GOLDEN / "crop.txt").write_text("".join(crops()))
    (GOLDEN / "jitter.txt").write_text("".join(jittered()))
    large = saved(colour(37, 50), "JPEG", quality=85, optimize=True)
    (GOLDEN / "large.jpg").write_bytes(large)
    (GOLDEN / "scaled.txt").write_text("".join(scaled(large)))


if __name__ == "__main__":
    main()
