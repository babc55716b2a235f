// Arrow interchange against apache-arrow itself, over shared and plain memory, in Node and in Chromium.
import * as arrow from "apache-arrow";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { readRows } from "../../src/arrow/rows.js";
import { schemaLiteral } from "../../src/arrow/types.js";
import { fromArrow, readIpc, schemaFromArrow, toArrow, toTable, writeIpc } from "../../src/arrow.js";
import type { DataError } from "../../src/errors.js";
import { formatBatch, openTestWorkspace } from "../../src/testing/index.js";

/** The error that `act` throws. */
function errorOf(act: () => unknown): DataError {
  try {
    act();
  } catch (error) {
    return error as DataError;
  }
  throw new Error("nothing was thrown");
}

describe.each([true, false])("shared memory: %s", async (shared) => {
  const { workspace, account, batch } = await openTestWorkspace({ shared });

  const import1 = (data: arrow.Table | arrow.RecordBatch): Batch => {
    const batches = fromArrow(workspace, data);
    expect(batches.length).toBe(1);
    return batches[0] as Batch;
  };
  const importData = (data: arrow.Data, nullable = true): Batch => {
    const field = new arrow.Field("x", data.type, nullable);
    const struct = arrow.makeData({
      type: new arrow.Struct([field]),
      length: data.length,
      nullCount: 0,
      children: [data],
    });
    return import1(new arrow.RecordBatch(new arrow.Schema([field]), struct));
  };
  const importVector = (vector: arrow.Vector): unknown[] => {
    return fromArrow(workspace, new arrow.Table({ x: vector })).flatMap((part) => {
      return readRows(part, { bigint: true }).map((row) => row.x);
    });
  };

  const everyType = () => batch`
    flag:BOOLEAN i1:TINYINT i2:SMALLINT i4:INT i8:BIGINT f4:FLOAT f8:DOUBLE s:STRING d:STRING# b:BYTES day:DATE at:TIME span:INTERVAL
    true -128 -32768 -2147483648 -9223372036854775808 1.5 -0 "" a 0x 1969-12-31 00:00:00 -1
    NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL
    false 127 32767 2147483647 9223372036854775807 NaN 1e300 "zwei Wörter 🦀" b 0x00ff 9999-12-31 23:59:59.999 86400000`;
  const times = () => batch`
    t0:TIMESTAMP(0) t3:TIMESTAMP(3) t6:TIMESTAMP(6) z3:TIMESTAMP_LTZ(3) z4:TIMESTAMP_LTZ(4) small:DECIMAL(18,2) wide:DECIMAL(38,10)
    2020-01-01T00:00:00 -0001-12-31T23:59:59.999 1969-12-31T23:59:59.999999 1970-01-01T00:00:00.001 2262-04-12T00:00:00.0001 -9999999999999999.99 -1234567890123456789012345678.0123456789
    NULL NULL NULL NULL NULL NULL NULL
    1970-01-01T00:00:00 9999-12-31T23:59:59.999 9999-12-31T23:59:59.999999 1582-10-15T00:00:00 1970-01-01T00:00:00 0.01 0.0000000001`;

  test("what apache-arrow reads from a view is what the batch holds", () => {
    const view = toArrow(everyType());
    const row = (index: number) => view.get(index)?.toJSON();
    expect(row(0)).toEqual({
      ...{
        flag: true,
        i1: -128,
        i2: -32768,
        i4: -2147483648,
        i8: -9223372036854775808n,
        f4: 1.5,
        f8: -0,
        s: "",
        d: "a",
      },
      ...{ b: new Uint8Array(), day: -86400000, at: 0, span: -1n },
    });
    expect(Object.values(row(1) as object)).toEqual(new Array(13).fill(null));
    expect(row(2)).toEqual({
      ...{ flag: false, i1: 127, i2: 32767, i4: 2147483647, i8: 9223372036854775807n, f4: Number.NaN, f8: 1e300 },
      ...{
        s: "zwei Wörter 🦀",
        d: "b",
        b: new Uint8Array([0, 255]),
        day: 253402214400000,
        at: 86399999,
        span: 86400000n,
      },
    });
  });

  test("times and decimals carry their units and digits", () => {
    const view = toArrow(times());
    const types = view.schema.fields.map((field) => String(field.type));
    expect(types.slice(0, 5)).toEqual([
      ...["Timestamp<MILLISECOND>", "Timestamp<MILLISECOND>", "Timestamp<MICROSECOND>"],
      ...["Timestamp<MILLISECOND, UTC>", "Timestamp<MICROSECOND, UTC>"],
    ]);
    expect(view.getChildAt(2)?.data[0]?.values[0]).toBe(-1n);
    const small = view.getChildAt(5)?.data[0]?.values as Uint32Array;
    // -999999999999999999 in 128 bits: two's complement of 0x0de0b6b3a763ffff.
    expect([...small.subarray(0, 4)]).toEqual([0x589c0001, 0xf21f494c, 0xffffffff, 0xffffffff]);
    expect([...small.subarray(8, 12)]).toEqual([1, 0, 0, 0]);
  });

  test.each(["everyType", "times"])("there and back keeps every value and type: %s", (name) => {
    const rows = name === "times" ? times() : everyType();
    const back = import1(toArrow(rows));
    expect(formatBatch(back)).toBe(formatBatch(rows));
    expect(schemaLiteral(back.schema)).toEqual(schemaLiteral(rows.schema));
  });

  test("slices at odd rows are views too, with bitmaps and offsets that do not begin at 0", () => {
    const rows = everyType();
    for (const [start, end] of [
      [0, 2],
      [1, 3],
      [2, 3],
      [1, 1],
    ] as const) {
      const slice = rows.slice(start, end).persist();
      expect(formatBatch(import1(toArrow(slice)))).toBe(formatBatch(slice));
    }
  });

  test("a view shares the memory, a copy does not", () => {
    const rows = batch`a:BIGINT | 1 | 2`;
    const [view, copy] = [toArrow(rows), toArrow(rows, { copy: true })];
    account.memory.i64[rows.column(0).values / 8] = 7n;
    expect(view.getChild("a")?.get(0)).toBe(7n);
    expect(copy.getChild("a")?.get(0)).toBe(1n);
  });

  test("tables keep a dictionary that all batches share, and read back through IPC", () => {
    const all = batch`k:STRING# n:INT | a 1 | b 2 | a 3 | NULL 4`;
    const shared = toTable(all.schema, [all.slice(0, 2).persist(), all.slice(2, 4).persist()]);
    expect(arrow.DataType.isDictionary(shared.schema.fields[0]?.type)).toBe(true);
    const mixed = toTable(all.schema, [all, batch`k:STRING# n:INT | c 5`]);
    expect(mixed.getChild("k")?.toJSON()).toEqual(["a", "b", "a", null, "c"]);
    for (const format of ["stream", "file"] as const) {
      const bytes = writeIpc(all.schema, [all, batch`k:STRING# n:INT | c 5`], format);
      const rows = fromArrow(workspace, readIpc(bytes)).flatMap((part) => readRows(part));
      expect(rows.map(({ k, n }) => `${k}${n}`)).toEqual(["a1", "b2", "a3", "null4", "c5"]);
    }
  });

  test("no batches are an empty table of their columns", () => {
    const { schema } = times();
    const table = toTable(schema, []);
    expect([table.numRows, schemaLiteral(schemaFromArrow(table.schema))]).toEqual([0, schemaLiteral(schema)]);
    expect(fromArrow(workspace, readIpc(writeIpc(schema, []))).flatMap((part) => readRows(part))).toEqual([]);
  });

  test("vectors sliced anywhere, with bitmaps at any bit", () => {
    const length = 40;
    const numbers = Array.from({ length }, (_, i) => (i % 3 === 0 ? null : i));
    const flags = Array.from({ length }, (_, i) => (i % 5 === 0 ? null : i % 2 === 0));
    const texts = Array.from({ length }, (_, i) => (i % 7 === 0 ? null : `ü${i}`));
    const vectors: [arrow.Vector, unknown[]][] = [
      [arrow.vectorFromArray(numbers, new arrow.Int32()), numbers],
      [arrow.vectorFromArray(flags, new arrow.Bool()), flags],
      [arrow.vectorFromArray(texts, new arrow.Utf8()), texts],
      [arrow.vectorFromArray(texts, new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())), texts],
    ];
    for (const [vector, values] of vectors) {
      for (let start = 0; start < 20; start++) {
        for (const end of [start, start + 1, start + 9, length]) {
          expect(importVector(vector.slice(start, end))).toEqual(values.slice(start, end));
        }
      }
    }
  });

  test("chunked tables give a batch a chunk and share their dictionary", () => {
    const text = arrow.vectorFromArray(
      ["x", "y", null, "x"],
      new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
    );
    const chunked = new arrow.Table({ text }).slice(0, 2).concat(new arrow.Table({ text }).slice(1, 4));
    const [first, second] = fromArrow(workspace, chunked);
    expect([first, second].map((part) => readRows(part as Batch).map((row) => row.text))).toEqual([
      ["x", "y"],
      ["y", null, "x"],
    ]);
    expect(first?.column(0).dictionary).toBe(second?.column(0).dictionary);
  });

  test("dictionaries may repeat values, hold NULL and hold other types than strings", () => {
    const entries = arrow.vectorFromArray(["a", null, "a", "b"], new arrow.Utf8());
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint8());
    const data = arrow.makeData({ type, length: 5, data: new Uint8Array([0, 1, 2, 3, 0]), dictionary: entries });
    const rows = importData(data);
    expect(readRows(rows).map((row) => row.x)).toEqual(["a", null, "a", "b", "a"]);
    expect(rows.column(0).dictionary?.length).toBe(2);
    const days = arrow.vectorFromArray([3n, 4n], new arrow.Int64());
    const numbers = new arrow.Dictionary(new arrow.Int64(), new arrow.Int32());
    const coded = arrow.makeData({
      type: numbers,
      length: 3,
      data: new Int32Array([1, 0, 1]),
      dictionary: days as never,
    });
    expect(readRows(importData(coded)).map((row) => row.x)).toEqual([4, 3, 4]);
  });

  test("types that columns do not have are read into those that hold every value", () => {
    const literal = (type: arrow.DataType) =>
      schemaLiteral(schemaFromArrow(new arrow.Schema([new arrow.Field("x", type, true)]))).x;
    const cases: [arrow.DataType, arrow.Data["values"], string, unknown[]][] = [
      [new arrow.Uint8(), new Uint8Array([0, 255]), "SMALLINT", [0, 255]],
      [new arrow.Uint16(), new Uint16Array([0, 65535]), "INT", [0, 65535]],
      [new arrow.Uint32(), new Uint32Array([0, 4294967295]), "BIGINT", [0n, 4294967295n]],
      [
        new arrow.Uint64(),
        new BigUint64Array([0n, 18446744073709551615n]),
        "DECIMAL(20, 0)",
        ["0", "18446744073709551615"],
      ],
      [new arrow.Float16(), new Uint16Array([0x3c00, 0xc000]), "FLOAT", [1, -2]],
      [new arrow.DateMillisecond(), new BigInt64Array([0n, -86400000n]), "DATE", ["1970-01-01", "1969-12-31"]],
      [new arrow.TimeSecond(), new Int32Array([0, 86399]), "TIME", ["00:00:00", "23:59:59"]],
      [new arrow.TimeMicrosecond(), new BigInt64Array([1000n, 0n]), "TIME", ["00:00:00.001", "00:00:00"]],
      [new arrow.TimeNanosecond(), new BigInt64Array([1000000n, 0n]), "TIME", ["00:00:00.001", "00:00:00"]],
      [new arrow.TimestampSecond(), new BigInt64Array([1n, -1n]), "TIMESTAMP(0)", [new Date(1000), new Date(-1000)]],
      [
        new arrow.TimestampNanosecond("Europe/Berlin"),
        new BigInt64Array([1000n, -1000n]),
        "TIMESTAMP_LTZ(6)",
        ["1970-01-01T00:00:00.000001Z", "1969-12-31T23:59:59.999999Z"],
      ],
      [new arrow.DurationSecond(), new BigInt64Array([1n, -1n]), "INTERVAL", [1000, -1000]],
      [new arrow.DurationNanosecond(), new BigInt64Array([1000000n, 0n]), "INTERVAL", [1, 0]],
    ];
    for (const [type, data, name, values] of cases) {
      expect(literal(type)).toBe(name);
      expect(
        readRows(importData(arrow.makeData({ type, data } as never)), { bigint: true }).map((row) => row.x),
      ).toEqual(values);
    }
  });

  test("large, fixed-size and view layouts of text and bytes", () => {
    const bytes = new TextEncoder().encode("abcé");
    const large = arrow.makeData({
      type: new arrow.LargeUtf8(),
      valueOffsets: new BigInt64Array([0n, 3n, 5n]),
      data: bytes,
    });
    expect(readRows(importData(large)).map((row) => row.x)).toEqual(["abc", "é"]);
    const fixed = arrow.makeData({ type: new arrow.FixedSizeBinary(2), data: new Uint8Array([1, 2, 3, 4, 5, 6]) });
    const sliced = fixed.slice(1, 2);
    expect(readRows(importData(sliced)).map((row) => row.x)).toEqual([new Uint8Array([3, 4]), new Uint8Array([5, 6])]);
    const builder = arrow.makeBuilder({ type: new arrow.Utf8View(), nullValues: [null] });
    for (const text of ["short", null, "longer than twelve bytes", ""]) builder.append(text);
    const view = builder.finish().toVector();
    expect(importVector(view)).toEqual(["short", null, "longer than twelve bytes", ""]);
    expect(importVector(view.slice(2, 4))).toEqual(["longer than twelve bytes", ""]);
  });

  test("odd types are refused by name, also inside others", () => {
    const item = new arrow.Field("item", new arrow.IntervalDayTime(), true);
    const column = new arrow.Field("list", new arrow.List(item), true);
    const error = errorOf(() => schemaFromArrow(new arrow.Schema([column])));
    expect([error.code, error.message]).toEqual([
      "UNSUPPORTED",
      'column "list[]": Arrow type Interval<DAY_TIME> is not carried yet',
    ]);
    const schema = new arrow.Schema([new arrow.Field("x", new arrow.Decimal(2, 60, 256), true)]);
    expect(errorOf(() => schemaFromArrow(schema)).code).toBe("UNSUPPORTED");
  });

  describe("buffers that contradict themselves are ARROW_INVALID, and nothing is left behind", () => {
    const utf8 = (offsets: number[], data: Uint8Array, length = offsets.length - 1) =>
      arrow.makeData({ type: new arrow.Utf8(), length, nullCount: 0, valueOffsets: new Int32Array(offsets), data });
    const abc = new TextEncoder().encode("abc");
    const dictionary = arrow.vectorFromArray(["a", "b"], new arrow.Utf8());
    const codes = (...data: number[]) => {
      const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());
      return arrow.makeData({ type, data: new Int32Array(data), dictionary });
    };
    const cases: Record<string, () => arrow.Data> = {
      "offsets that descend": () => utf8([0, 2, 1, 3], abc),
      "offsets beyond the bytes": () => utf8([0, 4], abc),
      "a negative offset": () => utf8([-1, 2], abc),
      "too few offsets": () => utf8([0, 1], abc, 2),
      "bytes that are no UTF-8": () => utf8([0, 1], new Uint8Array([0xff])),
      "a character cut in two": () => utf8([0, 1, 2], new TextEncoder().encode("é")),
      "too few values": () => arrow.makeData({ type: new arrow.Int32(), length: 3, data: new Int32Array(2) }),
      "too few bits": () => arrow.makeData({ type: new arrow.Bool(), length: 9, data: new Uint8Array(1) }),
      "too short a validity bitmap": () => {
        const nullBitmap = new Uint8Array([1]);
        return arrow.makeData({
          type: new arrow.Int32(),
          length: 9,
          nullCount: 1,
          nullBitmap,
          data: new Int32Array(9),
        });
      },
      "too few decimals": () => arrow.makeData({ type: new arrow.Decimal(2, 20), length: 2, data: new Uint32Array(4) }),
      "a decimal with too many digits": () => {
        return arrow.makeData({ type: new arrow.Decimal(0, 3), length: 1, data: new Uint32Array([1000, 0, 0, 0]) });
      },
      "a code beyond the dictionary": () => codes(0, 2),
      "a negative code": () => codes(-1),
      "a large offset beyond 2 GB": () => {
        const valueOffsets = new BigInt64Array([0n, 2n ** 32n]);
        return arrow.makeData({ type: new arrow.LargeUtf8(), length: 1, nullCount: 0, valueOffsets, data: abc });
      },
      "a view that points outside": () => {
        const views = new Uint8Array(16);
        views[0] = 200;
        return arrow.makeData({ type: new arrow.Utf8View(), length: 1, views, variadicBuffers: [abc] });
      },
    };
    test.each(Object.keys(cases))("%s", (name) => {
      const before = account.usedBytes;
      expect(errorOf(() => importData((cases[name] as () => arrow.Data)())).code).toBe("ARROW_INVALID");
      expect(account.usedBytes).toBe(before);
    });
  });

  test("times finer than their column are TYPE, beyond year 9999 TIME_RANGE, NULL in NOT NULL is TYPE", () => {
    const nanos = arrow.makeData({ type: new arrow.TimestampNanosecond(), data: new BigInt64Array([1n]) });
    expect(errorOf(() => importData(nanos)).code).toBe("TYPE");
    const far = arrow.makeData({ type: new arrow.TimestampMillisecond(), data: new BigInt64Array([253402300800000n]) });
    expect(errorOf(() => importData(far)).code).toBe("TIME_RANGE");
    const nulls = arrow.vectorFromArray([1, null], new arrow.Int32()).data[0] as arrow.Data;
    expect(errorOf(() => importData(nulls, false)).code).toBe("TYPE");
  });

  test("bytes that are no IPC are ARROW_INVALID", () => {
    const rows = batch`a:INT s:STRING | 1 x`;
    const good = writeIpc(rows.schema, [rows]);
    for (const bytes of [
      new Uint8Array(),
      new Uint8Array([1, 2, 3]),
      new Uint8Array(100).fill(0xff),
      good.slice(0, 30),
    ]) {
      expect(errorOf(() => readIpc(bytes)).code).toBe("ARROW_INVALID");
    }
    expect(readRows(import1(readIpc(good)))).toEqual([{ a: 1, s: "x" }]);
  });

  test("big-endian buffers are ARROW_INVALID", () => {
    // A message with nothing but a schema, the schema with nothing but its endianness (Flatbuffers, by hand).
    const message = (endianness: number) => {
      const view = new DataView(new ArrayBuffer(56));
      view.setInt32(0, -1);
      view.setInt32(4, 48, true);
      view.setUint32(8, 16, true); // the message is at 24
      for (const [i, value] of [10, 12, 0, 4, 8].entries()) view.setUint16(12 + 2 * i, value, true);
      view.setInt32(24, 12, true); // its offsets are at 12
      view.setUint8(28, 1);
      view.setUint32(32, 16, true); // the schema is at 48
      for (const [i, value] of [6, 6, 4].entries()) view.setUint16(40 + 2 * i, value, true);
      view.setInt32(48, 8, true); // its offsets are at 40
      view.setInt16(52, endianness, true);
      return new Uint8Array(view.buffer);
    };
    expect(errorOf(() => readIpc(message(1))).message).toContain("big-endian");
    expect(errorOf(() => readIpc(message(0))).message).not.toContain("big-endian");
  });

  test("a thousand imports and releases leave nothing", () => {
    const rows = everyType();
    const table = toTable(rows.schema, [rows]);
    const before = account.usedBytes;
    for (let round = 0; round < 1000; round++) for (const part of fromArrow(workspace, table)) part.release();
    expect(account.usedBytes).toBe(before);
  });
});
