#!/usr/bin/python3
"""Makes what PreprocessorTest compares against: small image files, and what Pillow makes of them.

    /usr/bin/python3 src/test/python/pixel_fixtures.py [photos.zip]

Needs Pillow and numpy (Debian: python3-pil, python3-numpy). Writes src/test/resources/clip/pixels/:

  NAME.EXT         a source image, synthetic
  NAME.EXT.rgb     the expected [32, 32, 3] bytes
  photos.sha256    for each photograph of the archive: SHA-256 of its expected [224, 224, 3] bytes; kept as it is when
                   the archive is not given

The files in the tree were made with Pillow 9.4.0 (TIFF: 12.3.0) and libjpeg-turbo 2.1.5. Later versions give the same pixels, but
other encoders give other source images.
"""
import hashlib
import io
import pathlib
import struct
import sys
import warnings
import zipfile
import zlib

import numpy
from PIL import Image, ImageOps

SIZE = 32
TARGET = pathlib.Path(__file__).resolve().parents[1] / "resources" / "clip" / "pixels"


def clip_pixels(image, size):
    """[size, size, 3]: CLIP's preprocessing up to normalisation, torchvision's Resize and CenterCrop spelled out."""
    image = ImageOps.exif_transpose(image).convert("RGB")
    width, height = image.size
    shorter, longer = min(width, height), max(width, height)
    if shorter != size:
        resized = int(size * longer / shorter)
        image = image.resize((size, resized) if width <= height else (resized, size), Image.Resampling.BICUBIC)
    width, height = image.size
    top, left = int(round((height - size) / 2.0)), int(round((width - size) / 2.0))
    return numpy.asarray(image.crop((left, top, left + size, top + size)))


def scene(width=61, height=45, channels=3):
    """Gradients, hard edges and noise, so that a wrong channel, phase or rounding shows."""
    random = numpy.random.RandomState(7)
    y, x = numpy.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        plane = 127 + 90 * numpy.sin(x / (5.0 + 2 * c) + c) + 60 * numpy.cos(y / (4.0 + c))
        plane[(x // 7 + y // 5 + c) % 5 == 0] = 255 * (c % 2)
        planes.append(plane + random.uniform(-12, 12, plane.shape))
    return numpy.clip(numpy.stack(planes, -1), 0, 255).astype(numpy.uint8)


def rgb(**kw):
    return Image.fromarray(scene(**kw))


def rgba():
    return Image.fromarray(scene(channels=4), "RGBA")


def saved(image, format, **kw):
    out = io.BytesIO()
    image.save(out, format, **kw)
    return out.getvalue()


# JPEG, beyond what Pillow writes


def jpeg_segments(data):
    """(marker, payload) up to the scan, and the rest."""
    at, segments = 2, []
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2:at + 4])[0]
        segments.append((data[at + 1], data[at + 4:at + 2 + length]))
        at += 2 + length
    return segments, data[at:]


def jpeg(segments, rest):
    parts = [b"\xff\xd8"]
    for marker, payload in segments:
        parts.append(struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload)
    return b"".join(parts) + rest


def without_jfif(data, extra=()):
    segments, rest = jpeg_segments(data)
    return jpeg(list(extra) + [s for s in segments if s[0] != 0xE0], rest)


def adobe(transform):
    return 0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)


def rgb_ids(data):
    data = bytearray(without_jfif(data))
    frame = data.index(b"\xff\xc0")
    scan = data.index(b"\xff\xda")
    for i, name in enumerate(b"RGB"):
        data[frame + 10 + 3 * i] = name
        data[scan + 5 + 2 * i] = name
    return bytes(data)


def ycck(cmyk):
    segments, rest = jpeg_segments(cmyk)
    return jpeg([adobe(2) if s[0] == 0xEE else s for s in segments], rest)


def with_segment(data, marker, payload):
    segments, rest = jpeg_segments(data)
    return jpeg(segments[:1] + [(marker, payload)] + segments[1:], rest)


def exif(orientation, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def chroma_halved_down():
    """4:4:0, which Pillow does not write: the frame header of a 4:2:2 file, turned."""
    data = bytearray(saved(rgb(width=48, height=48), "JPEG", quality=90, subsampling=1))
    frame = data.index(b"\xff\xc0")
    assert data[frame + 11] == 0x21
    data[frame + 11] = 0x12
    return bytes(data)


# PNG, beyond what Pillow writes

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, payload):
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def png(samples, bits, colour, interlaced=False, extra=b""):
    """samples [height, width, channels], of so many bits."""
    height, width, channels = samples.shape

    def rows(block):
        for row in block.reshape(block.shape[0], -1):
            if bits == 16:
                packed = row.astype(">u2").tobytes()
            else:
                stream = numpy.unpackbits(row.astype(numpy.uint8)[:, None], axis=1)[:, 8 - bits:]
                packed = numpy.packbits(stream.ravel()).tobytes()
            yield b"\0" + packed

    if interlaced:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        body = b"".join(b"".join(rows(p)) for p in passes if p.size)
    else:
        body = b"".join(rows(samples))
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(body))
            + chunk(b"IEND", b""))


def wide(channels):
    """16-bit samples whose lower bytes are no copies of the upper."""
    low = scene(channels=channels)[::-1].astype(numpy.uint16)
    return scene(channels=channels).astype(numpy.uint16) * 256 + low


# GIF and BMP, beyond what Pillow writes


def gif_on_a_larger_screen(transparent):
    """A frame that does not fill its screen."""
    options = {"transparency": 3} if transparent else {}
    data = bytearray(saved(rgb().quantize(32), "GIF", **options))
    data[6:10] = struct.pack("<HH", 80, 60)
    at = data.index(b"\x2c\0\0\0\0")
    data[at + 1:at + 5] = struct.pack("<HH", 11, 6)
    return bytes(data)


def bmp(width, height, bits, compression, body, extra=b"", colours=0):
    offset = 14 + 40 + len(extra)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(body), 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + info + extra + body


def bmp16(masks):
    shades = scene(width=60).astype(numpy.uint16)
    r, g, b = shades[::-1, :, 0], shades[::-1, :, 1], shades[::-1, :, 2]
    if masks == (0xF800, 0x7E0, 0x1F):
        pixels = (r >> 3) << 11 | (g >> 2) << 5 | b >> 3
        return bmp(60, 45, 16, 3, pixels.astype("<u2").tobytes(), struct.pack("<III", *masks))
    pixels = (r >> 3) << 10 | (g >> 3) << 5 | b >> 3
    return bmp(60, 45, 16, 0, pixels.astype("<u2").tobytes())


def bmp_from_the_top():
    body = b"".join(row[:, ::-1].tobytes() for row in scene(width=60))
    return bmp(60, -45, 24, 0, body)


def bmp_run_lengths():
    indices = (scene(channels=1)[:, :, 0] >> 6)[::-1]
    body = bytearray()
    for row in indices:
        at = 0
        while at < len(row):
            run = 1
            while at + run < len(row) and row[at + run] == row[at]:
                run += 1
            body += bytes([run, row[at]])
            at += run
        body += b"\0\0"
    body += b"\0\1"
    palette = b"".join(bytes([80 * i, 255 - 60 * i, 30 * i, 0]) for i in range(4))
    return bmp(61, 45, 8, 1, bytes(body), palette, 4)


# TIFF, beyond what Pillow writes


def packed_lzw(raw):
    """TIFF's LZW of a kind that any reader takes: literals, with the table cleared before codes grow."""
    bits = "".join(f"{256:09b}" * (i % 200 == 0) + f"{byte:09b}" for i, byte in enumerate(raw)) + f"{257:09b}"
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


PACKERS = {1: bytes, 5: packed_lzw, 8: zlib.compress}


def tiff(pixels, bits, photometric, order="<", compression=1, cell=None, planar=False, predicted=False, tags=None):
    """[height, width, samples] in strips of seven rows, or in tiles of the cell's height and width."""
    height, width, samples = pixels.shape
    rows, columns = cell or (7, width)
    blocks = []
    for plane in numpy.split(pixels, samples, -1) if planar else [pixels]:
        for top in range(0, height, rows):
            for left in range(0, width, columns):
                part = plane[top:top + rows, left:left + columns]
                if cell:
                    spare = ((0, rows - part.shape[0]), (0, columns - part.shape[1]), (0, 0))
                    part = numpy.pad(part, spare, mode="edge")
                if predicted:
                    part = numpy.diff(part, axis=1, prepend=part[:, :1] * 0)
                if bits < 8:
                    flat = part.reshape(part.shape[0], -1, 1) >> numpy.arange(bits)[::-1] & 1
                    raw = numpy.packbits(flat.reshape(part.shape[0], -1), axis=1).tobytes()
                else:
                    raw = part.astype(order + "u%d" % (bits // 8)).tobytes()
                blocks.append(PACKERS[compression](raw))
    offsets, data = [], b""
    for block in blocks:
        offsets.append(8 + len(data))
        data += block + bytes(len(block) % 2)
    entries = {256: [width], 257: [height], 258: [bits] * samples, 259: [compression], 262: [photometric],
               277: [samples], 284: [2 if planar else 1], 317: [2 if predicted else 1]}
    layout = {322: [columns], 323: [rows], 324: offsets, 325: [len(b) for b in blocks]}
    entries.update(layout if cell else {273: offsets, 278: [rows], 279: layout[325]})
    entries.update(tags or {})
    directory, extra = b"", b""
    after = 8 + len(data) + 2 + 12 * len(entries) + 4
    for tag, values in sorted(entries.items()):
        kind, letter = (4, "I") if tag in (273, 279, 324, 325) else (3, "H")
        packed = struct.pack(order + letter * len(values), *values)
        directory += struct.pack(order + "HHI", tag, kind, len(values))
        directory += packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack(order + "I", after + len(extra))
        extra += packed if len(packed) > 4 else b""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(data))
    return start + data + struct.pack(order + "H", len(entries)) + directory + bytes(4) + extra


def tiffs():
    yield "lzw", saved(rgb(), "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    yield "deflate", saved(rgb(), "TIFF", compression="tiff_deflate", tiffinfo={278: 7})
    yield "pack-bits", saved(rgb().quantize(6), "TIFF", compression="packbits")
    yield "black-and-white", saved(rgb().convert("1"), "TIFF")
    yield "turned-6", saved(rgb(), "TIFF", tiffinfo={274: 6})
    yield "pages", saved(rgb(), "TIFF", save_all=True, append_images=[rgb().rotate(90)])
    yield "cmyk", saved(Image.fromarray(scene(channels=4), "CMYK"), "TIFF", compression="tiff_lzw")
    yield "tiles", tiff(scene(), 8, 2, compression=5, cell=(16, 32))
    yield "planes", tiff(scene(), 8, 2, compression=8, planar=True, predicted=True)
    yield "premultiplied-16", tiff(wide(4), 16, 2, ">", 8, cell=(16, 16), planar=True, tags={338: [1]})
    yield "differences-16", tiff(wide(3), 16, 2, ">", 8, predicted=True)
    yield "little-differences-16", tiff(wide(4), 16, 2, "<", 5, predicted=True, tags={338: [2]})
    yield "white-is-zero-2", tiff(scene(channels=1) >> 6, 2, 0, ">")
    yield "reversed-4", tiff(scene(channels=1) >> 4, 4, 1, tags={266: [2]})
    yield "grey-16", tiff(wide(1), 16, 1, ">")
    yield "grey-alpha", tiff(scene(channels=2), 8, 1, compression=5, tags={338: [2]})


def bmp_of_os2():
    """OS/2's second header is Windows' and 24 bytes of its own."""
    data = saved(rgb().quantize(99), "BMP")
    offset, = struct.unpack("<I", data[10:14])
    return data[:10] + struct.pack("<II", offset + 24, 64) + data[18:54] + bytes(24) + data[54:]


def sources():
    yield "ycc-420.jpg", saved(rgb(), "JPEG", quality=90)
    yield "ycc-422.jpg", saved(rgb(), "JPEG", quality=90, subsampling=1)
    yield "ycc-444.jpg", saved(rgb(), "JPEG", quality=90, subsampling=0)
    yield "ycc-440.jpg", chroma_halved_down()
    yield "progressive.jpg", saved(rgb(), "JPEG", quality=80, progressive=True)
    yield "grey.jpg", saved(rgb().convert("L"), "JPEG", quality=90)
    cmyk = saved(Image.fromarray(scene(channels=4), "CMYK"), "JPEG", quality=90)
    yield "cmyk.jpg", cmyk
    yield "ycck.jpg", ycck(cmyk)
    full = saved(rgb(), "JPEG", quality=90, subsampling=0)
    yield "adobe-rgb.jpg", without_jfif(full, [adobe(0)])
    yield "adobe-ycc.jpg", without_jfif(full, [adobe(1)])
    yield "rgb-by-name.jpg", rgb_ids(full)
    yield "no-marker.jpg", without_jfif(full)
    yield "damaged-profile.jpg", with_segment(full, 0xE2, b"ICC_PROFILE\0\1\1" + bytes(range(200)))
    for orientation in range(1, 9):
        order = "<>"[orientation % 2]
        yield f"turned-{orientation}.jpg", saved(rgb(), "JPEG", quality=75, exif=b"Exif\0\0" + exif(orientation, order))
    yield "ribbon.jpg", saved(rgb(width=400, height=9), "JPEG", quality=75)
    yield "tower.jpg", saved(rgb(width=33, height=300), "JPEG", quality=75)
    yield "exact.jpg", saved(rgb(width=32, height=47), "JPEG", quality=75)
    yield "pixel.png", saved(rgb(width=1, height=1), "PNG")
    yield "line.png", saved(rgb(width=1, height=90), "PNG")
    yield "rgb.png", saved(rgb(), "PNG")
    yield "rgba.png", saved(rgba(), "PNG")
    yield "grey.png", saved(rgb().convert("L"), "PNG")
    yield "grey-alpha.png", png(scene(channels=2), 8, 4)
    yield "grey-transparent.png", png(scene(channels=1), 8, 0, extra=chunk(b"tRNS", struct.pack(">H", 255)))
    yield "rgb-transparent.png", png(scene(), 8, 2, extra=chunk(b"tRNS", struct.pack(">HHH", 0, 255, 0)))
    yield "palette.png", saved(rgb().quantize(200), "PNG")
    yield "palette-4.png", saved(rgb().quantize(13), "PNG", bits=4)
    yield "palette-2.png", saved(rgb().quantize(4), "PNG", bits=2)
    yield "palette-transparent.png", saved(rgb().quantize(40), "PNG", transparency=bytes(range(0, 200, 5)))
    yield "black-and-white.png", saved(rgb().convert("1"), "PNG")
    yield "grey-2.png", png(scene(channels=1) >> 6, 2, 0)
    yield "grey-4.png", png(scene(channels=1) >> 4, 4, 0)
    yield "grey-16.png", png(wide(1), 16, 0)
    yield "grey-alpha-16.png", png(wide(2), 16, 4)
    yield "rgb-16.png", png(wide(3), 16, 2)
    yield "rgba-16.png", png(wide(4), 16, 6)
    yield "interlaced.png", png(scene(), 8, 2, interlaced=True)
    yield "interlaced-grey-4.png", png(scene(channels=1) >> 4, 4, 0, interlaced=True)
    yield "gamma.png", png(scene(), 8, 2, extra=chunk(b"gAMA", struct.pack(">I", 100000)))
    yield "turned-6.png", png(scene(), 8, 2, extra=chunk(b"eXIf", exif(6)))
    yield "plain.gif", saved(rgb().quantize(64), "GIF", interlace=0)
    yield "interlaced.gif", saved(rgb().quantize(64), "GIF", interlace=1)
    yield "grey.gif", saved(rgb().convert("L"), "GIF")
    yield "transparent.gif", saved(rgb().quantize(64), "GIF", transparency=5)
    yield "larger-screen.gif", gif_on_a_larger_screen(False)
    yield "larger-screen-transparent.gif", gif_on_a_larger_screen(True)
    frames = [rgb().rotate(90 * i).quantize(16) for i in range(3)]
    yield "animated.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield "rgb.bmp", saved(rgb(), "BMP")
    yield "rgba.bmp", saved(rgba(), "BMP")
    yield "palette.bmp", saved(rgb().quantize(99), "BMP")
    yield "grey.bmp", saved(rgb().convert("L"), "BMP")
    yield "black-and-white.bmp", saved(rgb().convert("1"), "BMP")
    yield "bits-555.bmp", bmp16(None)
    yield "bits-565.bmp", bmp16((0xF800, 0x7E0, 0x1F))
    yield "from-the-top.bmp", bmp_from_the_top()
    yield "run-lengths.bmp", bmp_run_lengths()
    yield "os2.bmp", bmp_of_os2()
    yield "lossless.webp", saved(rgb(), "WEBP", lossless=True)
    yield "lossless-palette.webp", saved(rgb().quantize(12).convert("RGB"), "WEBP", lossless=True)
    yield "lossless-alpha.webp", saved(rgba(), "WEBP", lossless=True, exact=True)
    yield "lossy.webp", saved(rgb(), "WEBP", quality=80)
    yield "lossy-coarse.webp", saved(rgb(width=100, height=70), "WEBP", quality=10)
    yield "lossy-alpha.webp", saved(rgba(), "WEBP", quality=80, exact=True)
    yield "turned-8.webp", saved(rgb(), "WEBP", lossless=True, exif=b"Exif\0\0" + exif(8))
    for name, data in tiffs():
        yield name + ".tif", data
    yield "animated.webp", saved(rgb(), "WEBP", save_all=True, append_images=[rgb().rotate(90)], lossless=True)


def expected(name, data):
    image = Image.open(io.BytesIO(data))
    if name in ("grey-16.png", "grey-16.tif"):
        # Here alone Pillow is not followed: it clips 16-bit grey at 255, which leaves a white image.
        image = Image.fromarray((numpy.asarray(image) >> 8).astype(numpy.uint8))
    return clip_pixels(image, SIZE)


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    for name, data in sources():
        (TARGET / name).write_bytes(data)
        (TARGET / (name + ".rgb")).write_bytes(expected(name, data).tobytes())
    if len(sys.argv) > 1:
        with zipfile.ZipFile(sys.argv[1]) as photos, open(TARGET / "photos.sha256", "w") as out:
            for name in sorted(n for n in photos.namelist() if n.endswith(".jpg")):
                pixels = clip_pixels(Image.open(io.BytesIO(photos.read(name))), 224)
                out.write(f"{hashlib.sha256(pixels.tobytes()).hexdigest()}  {name}\n")


if __name__ == "__main__":
    main()
