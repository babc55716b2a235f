# Writes frames.json: Zstandard frames, base64, of many levels, sizes and kinds of content, made by python-zstandard 0.25
# (libzstd 1.5). What they hold is known to the test by decoding them with another library, and by `size`.
#   python3 -m venv env && env/bin/pip install zstandard==0.25.0 && env/bin/python make.py
import base64
import json
import random
import struct

import zstandard as zstd

random.seed(8878)
WORDS = ["ORD", "JFK", "delay", "the", "stream", "of", "rows", "Ω", "and", "windows"]


def text(n):
    return " ".join(random.choice(WORDS) for _ in range(n)).encode()


def skewed(n):
    return bytes(min(255, int(random.expovariate(0.05))) for _ in range(n))


def integers(n):
    value, out = 0, b""
    for _ in range(n):
        value += random.randint(0, 40)
        out += struct.pack("<q", value)
    return out


CONTENTS = {
    "empty": b"",
    "one byte": b"a",
    "few": b"abcabcabcabc",
    "one letter": b"z" * 3000,
    "noise": random.randbytes(100),
    "text": text(400),
    "long text": text(9_000),
    "skewed bytes": skewed(1200),
    "integers": integers(250),
    "period of seven": b"1234567" * 2000,
    "text with far matches": text(300) + random.randbytes(300) + (text(900) * 30)[:150_000] + b"the end",
    "two letters": bytes(random.choice(b"ab") for _ in range(2000)),
    "rare letters": bytes(random.choice(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab") for _ in range(6000)),
}

frames = []


def add(name, frame, size):
    frames.append({"name": name, "size": size, "frame": base64.b64encode(frame).decode()})


for name, content in CONTENTS.items():
    levels = [1, 19] if len(content) > 5000 else [-5, 3, 9, 19]
    if len(content) > 100_000:
        levels = [3]
    for level in levels:
        params = zstd.ZstdCompressionParameters.from_level(level, write_checksum=level == 9, write_content_size=level != 3)
        add(f"{name}, level {level}", zstd.ZstdCompressor(compression_params=params).compress(content), len(content))

one = zstd.ZstdCompressor(level=3).compress(CONTENTS["text"])
two = zstd.ZstdCompressor(level=19).compress(CONTENTS["skewed bytes"])
skippable = struct.pack("<II", 0x184D2A53, 9) + b"some note"
add("two frames", one + two, len(CONTENTS["text"]) + len(CONTENTS["skewed bytes"]))
add("frames between notes", skippable + one + skippable, len(CONTENTS["text"]))

# Blocks of one frame that use the tables of the block before.
chunks = zstd.ZstdCompressor(level=12, write_content_size=False).compressobj()
parts = b""
size = 0
for _ in range(6):
    part = text(1500)
    size += len(part)
    parts += chunks.compress(part) + chunks.flush(zstd.COMPRESSOBJ_FLUSH_BLOCK)
parts += chunks.flush()
add("blocks that repeat tables", parts, size)

with open("frames.json", "w") as file:
    json.dump(frames, file, indent=0)
print(len(frames), sum(len(f["frame"]) for f in frames))
