# Writes the fixtures of this folder, each with the values that it holds as JSON: integers and decimals (unscaled) as text,
# times as integers of the unit that Millrace keeps, bytes as hex. Needs pyarrow 26 and duckdb 2:
#   python3 -m venv env && env/bin/pip install pyarrow==26.0.1 duckdb==2.0.0 && env/bin/python make.py
import datetime as dt
import decimal
import json
import random
import struct

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

random.seed(20240229)
EPOCH = dt.datetime(1970, 1, 1)
US = dt.timedelta(microseconds=1)


def cell(value, field):
    """One value as JSON, in the units that Millrace keeps."""
    kind = field.type
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        raw = value.value if hasattr(value, "value") else value
        return str(raw // 1000 if kind.unit == "ns" else raw)
    if pa.types.is_integer(kind):
        return str(value) if kind in (pa.int64(), pa.uint32(), pa.uint64()) else value
    if pa.types.is_floating(kind):
        return "NaN" if value != value else {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value, value)
    if pa.types.is_decimal(kind):
        return str(int(value.scaleb(kind.scale, decimal.Context(prec=60))))
    if pa.types.is_date(kind):
        return (value - dt.date(1970, 1, 1)).days
    if pa.types.is_time(kind):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1000 + value.microsecond // 1000
    if isinstance(value, bytes):
        return value.hex()
    return value


def column_cells(table, name):
    field = table.schema.field(name)
    column = table.column(name).combine_chunks()
    if pa.types.is_dictionary(field.type):
        column = column.cast(field.type.value_type)
        field = pa.field(name, field.type.value_type)
    if pa.types.is_timestamp(field.type):
        values = column.cast(pa.int64()).to_pylist()
        return [cell(v, field) for v in values]
    return [cell(v, field) for v in column.to_pylist()]


def save(name, table, **options):
    pq.write_table(table, f"{name}.parquet", **options)


def expect(name, table):
    """The values of one or several files."""
    cells = {column: column_cells(table, column) for column in table.column_names}
    with open(f"{name}.json", "w") as file:
        json.dump(cells, file, separators=(",", ":"))


def with_nulls(values, share=0.2):
    return [None if random.random() < share else value for value in values]


def decimals(n, precision, scale):
    top = 10**precision - 1
    special = [0, 1, -1, top, -top, 255, 256, -256, -257]
    unscaled = special + [random.randint(-top, top) for _ in range(n - len(special))]
    wide = decimal.Context(prec=60)
    return [decimal.Decimal(v).scaleb(-scale, wide) for v in unscaled]


def ints(n, bits, signed=True):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    special = [low, high, 0, 1, low + 1, high - 1]
    return special + [random.randint(low, high) for _ in range(n - len(special))]


WORDS = ["", "a", "ORD", "JFK", "naïve", "日本語", "🙂", "x" * 40, "\0nul", "quote\"", "prefix-1", "prefix-12", "prefix-123"]


def all_types(n):
    floats = [0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1.5, 5e-324, 1.7976931348623157e308]
    floats += [random.gauss(0, 1e6) for _ in range(n - len(floats))]
    f32 = [struct.unpack("f", struct.pack("f", v if abs(v) < 1e38 or v != v else float("inf")))[0] for v in floats]
    columns = {
        "bool": pa.array(with_nulls([random.random() < 0.5 for _ in range(n)]), pa.bool_()),
        "i8": pa.array(with_nulls(ints(n, 8)), pa.int8()),
        "i16": pa.array(with_nulls(ints(n, 16)), pa.int16()),
        "i32": pa.array(with_nulls(ints(n, 32)), pa.int32()),
        "i64": pa.array(with_nulls(ints(n, 64)), pa.int64()),
        "u8": pa.array(with_nulls(ints(n, 8, False)), pa.uint8()),
        "u16": pa.array(with_nulls(ints(n, 16, False)), pa.uint16()),
        "u32": pa.array(with_nulls(ints(n, 32, False)), pa.uint32()),
        "u64": pa.array(with_nulls(ints(n, 64, False)), pa.uint64()),
        "f32": pa.array(with_nulls(f32), pa.float32()),
        "f64": pa.array(with_nulls(floats), pa.float64()),
        "text": pa.array(with_nulls([random.choice(WORDS) for _ in range(n)]), pa.string()),
        "bytes": pa.array(with_nulls([random.randbytes(random.randint(0, 20)) for _ in range(n)]), pa.binary()),
        "fixed": pa.array(with_nulls([random.randbytes(5) for _ in range(n)]), pa.binary(5)),
        "day": pa.array(with_nulls([dt.date(1900, 1, 1) + dt.timedelta(random.randint(0, 60000)) for _ in range(n)]), pa.date32()),
        "time_ms": pa.array(with_nulls([random.randint(0, 86399999) for _ in range(n)]), pa.time32("ms")),
        "time_us": pa.array(with_nulls([random.randint(0, 86399999) * 1000 for _ in range(n)]), pa.time64("us")),
        "ts_ms": pa.array(with_nulls(ints(n, 54)), pa.timestamp("ms")),
        "ts_us": pa.array(with_nulls(ints(n, 63)), pa.timestamp("us")),
        "ts_ns": pa.array(with_nulls([v // 1000 * 1000 for v in ints(n, 62)]), pa.timestamp("ns")),
        "instant": pa.array(with_nulls(ints(n, 54)), pa.timestamp("us", tz="UTC")),
        "required": pa.array(ints(n, 64), pa.int64()),
        "dec9": pa.array(with_nulls(decimals(n, 9, 2)), pa.decimal128(9, 2)),
        "dec18": pa.array(with_nulls(decimals(n, 18, 6)), pa.decimal128(18, 6)),
        "dec38": pa.array(with_nulls(decimals(n, 38, 10)), pa.decimal128(38, 10)),
    }
    fields = [pa.field(name, column.type, nullable=name != "required") for name, column in columns.items()]
    return pa.table(list(columns.values()), schema=pa.schema(fields))


small = all_types(120)
expect("types", small)
save("types-plain", small, use_dictionary=False, compression="none", row_group_size=50)
save("types-dictionary", small, use_dictionary=True, compression="snappy", data_page_version="2.0")
save("types-gzip", small, compression="gzip")
save("types-decimal-integers", small.select(["dec9", "dec18"]), store_decimal_as_integer=True, compression="zstd")
save("types-brotli", small.select(["i64", "text"]), compression="brotli")
save("types-lz4", small.select(["i64", "text"]), compression="lz4")
save("types-zstd", small, compression="zstd", row_group_size=70)

# Written by DuckDB: another writer's habits. It has no times of milliseconds and no 16-byte binaries.
db = duckdb.connect()
db.register("source", small.select(["i32", "i64", "f64", "text", "day", "ts_us", "bool", "dec18", "u64"]))
db.execute("COPY source TO 'types-duckdb.parquet' (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd)")

# Every encoding for every type it can have, in both page versions, several pages a chunk.
big = all_types(250)
encodings = {
    "i32": "DELTA_BINARY_PACKED",
    "i64": "DELTA_BINARY_PACKED",
    "required": "DELTA_BINARY_PACKED",
    "ts_us": "BYTE_STREAM_SPLIT",
    "f32": "BYTE_STREAM_SPLIT",
    "f64": "BYTE_STREAM_SPLIT",
    "fixed": "BYTE_STREAM_SPLIT",
    "dec38": "BYTE_STREAM_SPLIT",
    "day": "BYTE_STREAM_SPLIT",
    "text": "DELTA_BYTE_ARRAY",
    "bytes": "DELTA_LENGTH_BYTE_ARRAY",
    "dec18": "DELTA_BYTE_ARRAY",
    "bool": "RLE",
}
expect("encodings", big.select(list(encodings)))
for version in ["1.0", "2.0"]:
    save(
        f"encodings-v{version[0]}",
        big.select(list(encodings)),
        use_dictionary=False,
        column_encoding=encodings,
        data_page_version=version,
        data_page_size=600,
        write_batch_size=64,
        row_group_size=110,
        compression="snappy" if version == "2.0" else "none",
    )

# A dictionary that grows too large: the rest of the chunk is PLAIN.
falls_back = pa.table({"key": [f"key {i % 7 if i < 900 else i}" for i in range(2000)], "n": list(range(2000))})
expect("dictionary-fallback", falls_back)
save("dictionary-fallback", falls_back, dictionary_pagesize_limit=2000, data_page_size=700, write_batch_size=100)

int96 = big.select(["ts_us"]).slice(6, 100)
expect("int96", int96)
save("int96", int96, use_deprecated_int96_timestamps=True)
nulls = pa.table({"s": pa.array([None] * 20, pa.string()), "i": pa.array([None] * 20, pa.int64())})
expect("all-null", nulls)
save("all-null", nulls)
empty = big.slice(0, 0).select(["i64", "text"])
expect("empty", empty)
save("empty", empty)

nested = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "tags": pa.array([["a"], [], None], pa.list_(pa.string())),
        "place": pa.array([{"x": 1, "y": None}, None, {"x": 2, "y": 3}], pa.struct([("x", pa.int32()), ("y", pa.int32())])),
        "props": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int32())),
        "half": pa.array([1, 2, 3], pa.float16()),
    }
)
save("nested", nested)
save("nanoseconds", pa.table({"t": pa.array([1000, 2001, -1], pa.timestamp("ns"))}), compression="none")

# Row groups of 100 rows for skipping: sorted and constant columns, NaN, chunks of nulls.
n = 500
groups = pa.table(
    {
        "i": pa.array(range(n), pa.int64()),
        "s": pa.array([f"{i // 100}-{i % 10}" for i in range(n)]),
        "f": pa.array([float("nan") if i == 150 else i / 10 for i in range(n)], pa.float64()),
        "t": pa.array([i * 1_000_000 for i in range(n)], pa.timestamp("us")),
        "d": pa.array([decimal.Decimal(i) / 10 for i in range(n)], pa.decimal128(20, 1)),
        "nulls": pa.array([None if i < 200 else i for i in range(n)], pa.int32()),
        "b": pa.array([i >= 300 for i in range(n)]),
        "u": pa.array([i + 4294966900 if i < 300 else i for i in range(n)], pa.uint32()),
    }
)
expect("statistics", groups)
save("statistics", groups, row_group_size=100)


class Keys(pe.KmsClient):
    """Wraps keys with nothing: the files are there to be refused."""

    def __init__(self, _config):
        pe.KmsClient.__init__(self)

    def wrap_key(self, key_bytes, _id):
        return key_bytes.hex()

    def unwrap_key(self, wrapped, _id):
        return bytes.fromhex(wrapped)


factory = pe.CryptoFactory(Keys)
plain = pa.table({"open": pa.array([1, 2, 3], pa.int64()), "secret": ["a", "b", "c"]})
for name, plaintext in [("encrypted", False), ("encrypted-column", True)]:
    config = pe.EncryptionConfiguration("footer", column_keys={"column": ["secret"]}, plaintext_footer=plaintext)
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), config)
    pq.write_table(plain, f"{name}.parquet", encryption_properties=properties)


# Nested columns of every shape, pages of a few entries.
random.seed(7)


def maybe(value, share=0.2):
    return None if random.random() < share else value


def rows(n):
    for i in range(n):
        yield {
            "id": i,
            "tags": maybe([maybe(random.choice(["a", "b", "", "Ω", f"tag {i}"])) for _ in range(random.randrange(4))]),
            "place": maybe({"x": maybe(i), "y": maybe(i / 4)}),
            "props": maybe([(f"k{j}", maybe(i * j)) for j in range(random.randrange(3))]),
            "deep": maybe(
                [
                    maybe(
                        {
                            "name": maybe(f"n{i}"),
                            "lists": maybe([maybe([maybe(k) for k in range(random.randrange(3))]) for _ in range(random.randrange(3))]),
                            "by": maybe([(j, maybe([maybe(bool(j % 2))])) for j in range(random.randrange(3))]),
                        }
                    )
                    for _ in range(random.randrange(3))
                ]
            ),
            "inner": maybe({"a": maybe({"b": maybe({"c": maybe(i), "d": maybe(str(i))})}), "l": maybe([i] * (i % 3))}),
            "strict": {"x": i, "l": [i, i + 1][: i % 3]},
        }


TYPE = pa.schema(
    [
        pa.field("id", pa.int64(), False),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("place", pa.struct([("x", pa.int32()), ("y", pa.float64())])),
        pa.field("props", pa.map_(pa.string(), pa.int32())),
        pa.field(
            "deep",
            pa.list_(
                pa.struct(
                    [
                        ("name", pa.string()),
                        ("lists", pa.list_(pa.list_(pa.int16()))),
                        ("by", pa.map_(pa.int32(), pa.list_(pa.bool_()))),
                    ]
                )
            ),
        ),
        pa.field(
            "inner",
            pa.struct([("a", pa.struct([("b", pa.struct([("c", pa.int64()), ("d", pa.string())]))])), ("l", pa.list_(pa.int32()))]),
        ),
        pa.field(
            "strict",
            pa.struct([pa.field("x", pa.int32(), False), pa.field("l", pa.list_(pa.field("item", pa.int32(), False)), False)]),
            False,
        ),
    ]
)

data = list(rows(200))
table = nested_rows = pa.Table.from_pylist(data, TYPE)
with open("nested-all.json", "w") as out:
    json.dump(data, out, separators=(",", ":"))
pq.write_table(table, "nested-v1.parquet", row_group_size=130, data_page_size=64, write_batch_size=13, compression="snappy")
pq.write_table(
    table, "nested-v2.parquet", row_group_size=130, data_page_size=64, write_batch_size=13, data_page_version="2.0", compression="zstd"
)
duckdb.sql("SELECT * FROM nested_rows").write_parquet("nested-duckdb.parquet")
