// The footer of a Parquet file (FileMetaData in parquet.thrift), read by hyparquet's Thrift reader and checked field by
// field: what leaves this file has the right types, counts that are not negative and ranges inside the file.
import { DataError } from "../errors.js";
import type { Hyparquet } from "./parquet-library.js";
import { structEnd } from "./parquet-thrift.js";

/** A node of the schema tree. Groups have children, leaves a physical type. */
export interface SchemaNode {
  readonly name: string;
  readonly repetition: "REQUIRED" | "OPTIONAL" | "REPEATED";
  readonly children: readonly SchemaNode[];
  /** Position among the leaves, which is that of its chunk in a row group; −1 for a group. */
  readonly leaf: number;
  readonly physical: string | undefined;
  readonly typeLength: number;
  readonly converted: string | undefined;
  readonly logical: LogicalAnnotation | undefined;
  readonly precision: number;
  readonly scale: number;
}

/** The annotations that change how a value is read; others are `kind` alone. */
interface LogicalAnnotation {
  readonly kind: string;
  readonly unit?: "MILLIS" | "MICROS" | "NANOS";
  readonly utc?: boolean;
  readonly bits?: number;
  readonly signed?: boolean;
  readonly precision?: number;
  readonly scale?: number;
}

/** Bounds of a chunk in the order of its type, as they were written; undefined when missing or of no use. */
export interface ChunkStatistics {
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
  readonly nullCount: number | undefined;
}

/** The bytes of one column in one row group. */
export interface ColumnChunk {
  readonly start: number;
  readonly lengthBytes: number;
  /** Entries of its pages: of a column that is in no list as many as rows. */
  readonly valueCount: number;
  readonly codec: string;
  readonly encrypted: boolean;
  readonly statistics: ChunkStatistics;
}

export interface RowGroup {
  readonly rowCount: number;
  readonly columns: readonly ColumnChunk[];
}

export interface Footer {
  /** Children are the columns at the top level. */
  readonly root: SchemaNode;
  readonly leafCount: number;
  readonly rowCount: number;
  readonly rowGroups: readonly RowGroup[];
}

/** A Thrift struct as hyparquet gives it: `field_<id>`. */
type Struct = { readonly [field: `field_${number}`]: unknown };

/** LogicalType's members that say nothing but their name. */
const LOGICAL_KINDS: Readonly<Record<number, string>> = {
  1: "STRING",
  2: "MAP",
  3: "LIST",
  4: "ENUM",
  6: "DATE",
  11: "NULL",
  12: "JSON",
  13: "BSON",
  14: "UUID",
  15: "FLOAT16",
  16: "VARIANT",
  17: "GEOMETRY",
  18: "GEOGRAPHY",
};
const SCHEMA_DEPTH_MAX = 64;
/** "PAR1" at both ends of the file, the footer's length before the last. */
const FRAME_BYTES = 12;

/**
 * Reads the footer's bytes.
 * @throws PARQUET_FOOTER, PARQUET_ENCRYPTED
 */
export function readFooter(bytes: Uint8Array, fileBytes: number, path: string, library: Hyparquet): Footer {
  const reader = new FooterReader(path, fileBytes - FRAME_BYTES - bytes.length, library);
  const end = structEnd(bytes, 0);
  if (end < 0) throw reader.bad(`its ${bytes.length} bytes are not one complete struct`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  return reader.file(library.deserializeTCompactProtocol({ view, offset: 0 }));
}

class FooterReader {
  readonly #path: string;
  /** Pages lie between the first magic number and the footer. */
  readonly #dataBytes: number;
  readonly #library: Hyparquet;
  readonly #decoder = new TextDecoder();

  constructor(path: string, dataBytes: number, library: Hyparquet) {
    this.#path = path;
    this.#dataBytes = dataBytes;
    this.#library = library;
  }

  bad(what: string): DataError {
    return new DataError("PARQUET_FOOTER", `the footer of ${this.#path} is not valid: ${what}`, {
      at: { source: this.#path },
      hint: "write the file again; the footer is at its end, so an upload or copy may have mixed two files",
    });
  }

  file(struct: Struct): Footer {
    const elements = this.#structs(struct.field_2, "schema");
    const { root, leafCount } = this.#schema(elements);
    const ordered = this.#orderedColumns(struct.field_7, leafCount);
    const rowGroups = this.#structs(struct.field_4, "row groups").map((group, index) =>
      this.#rowGroup(group, index, leafCount, ordered),
    );
    const rowCount = this.#count(struct.field_3, "number of rows");
    const sum = rowGroups.reduce((total, group) => total + group.rowCount, 0);
    if (sum !== rowCount) throw this.bad(`${rowCount} rows, but ${sum} in its row groups`);
    return { root, leafCount, rowCount, rowGroups };
  }

  /** Leaves whose min_value and max_value have a defined order; without ColumnOrder their meaning is undefined. */
  #orderedColumns(orders: unknown, leafCount: number): readonly boolean[] {
    if (orders === undefined) return new Array<boolean>(leafCount).fill(false);
    const structs = this.#structs(orders, "column orders");
    return Array.from({ length: leafCount }, (_, leaf) => structs[leaf]?.field_1 !== undefined);
  }

  /** The tree behind the flat list: a group says how many children follow it, depth first. */
  #schema(elements: readonly Struct[]): { root: SchemaNode; leafCount: number } {
    let next = 0;
    let leafCount = 0;
    const read = (depth: number): SchemaNode => {
      const element = elements[next++];
      if (element === undefined) throw this.bad("the schema names more columns than it holds");
      if (depth > SCHEMA_DEPTH_MAX) throw this.bad(`the schema is more than ${SCHEMA_DEPTH_MAX} levels deep`);
      const isGroup = element.field_1 === undefined;
      const childCount = isGroup ? this.#count(element.field_5 ?? 0, "number of children") : 0;
      if (childCount > elements.length - next) throw this.bad("the schema names more columns than it holds");
      const leaf = isGroup ? -1 : leafCount++;
      const node = this.#node(element, leaf, depth === 0);
      return { ...node, children: Array.from({ length: childCount }, () => read(depth + 1)) };
    };
    const root = read(0);
    if (root.leaf >= 0) throw this.bad("the schema's root is no group");
    if (next !== elements.length) throw this.bad(`${elements.length - next} schema elements belong to no group`);
    return { root, leafCount };
  }

  #node(element: Struct, leaf: number, isRoot: boolean): SchemaNode {
    const { FieldRepetitionTypes, ParquetTypes, ConvertedTypes } = this.#library;
    const repetition = this.#name(FieldRepetitionTypes, element.field_3, "repetition") ?? (isRoot ? "REQUIRED" : "");
    if (repetition !== "REQUIRED" && repetition !== "OPTIONAL" && repetition !== "REPEATED") {
      throw this.bad("a schema element has no repetition");
    }
    return {
      name: this.#text(element.field_4, "column name"),
      repetition,
      children: [],
      leaf,
      physical: this.#name(ParquetTypes, element.field_1, "physical type"),
      typeLength: element.field_2 === undefined ? 0 : this.#count(element.field_2, "type length"),
      converted: this.#name(ConvertedTypes, element.field_6, "converted type"),
      logical:
        element.field_10 === undefined ? undefined : this.#logical(this.#struct(element.field_10, "logical type")),
      scale: element.field_7 === undefined ? 0 : this.#count(element.field_7, "scale"),
      precision: element.field_8 === undefined ? 0 : this.#count(element.field_8, "precision"),
    };
  }

  #logical(union: Struct): LogicalAnnotation | undefined {
    if (union.field_5 !== undefined) {
      const { field_1: scale, field_2: precision } = this.#struct(union.field_5, "DECIMAL");
      return { kind: "DECIMAL", scale: this.#count(scale, "scale"), precision: this.#count(precision, "precision") };
    }
    if (union.field_7 !== undefined) return this.#time("TIME", this.#struct(union.field_7, "TIME"));
    if (union.field_8 !== undefined) return this.#time("TIMESTAMP", this.#struct(union.field_8, "TIMESTAMP"));
    if (union.field_10 !== undefined) {
      const { field_1: bits, field_2: signed } = this.#struct(union.field_10, "INTEGER");
      return { kind: "INTEGER", bits: this.#count(bits, "bit width"), signed: signed === true };
    }
    for (const [id, kind] of Object.entries(LOGICAL_KINDS)) {
      if (union[`field_${Number(id)}`] !== undefined) return { kind };
    }
    // A type that is newer than this reader: its values are read as their physical type.
    return undefined;
  }

  #time(kind: string, struct: Struct): LogicalAnnotation {
    const { field_1, field_2, field_3 } = this.#struct(struct.field_2, "time unit");
    const unit =
      field_1 !== undefined ? "MILLIS" : field_2 !== undefined ? "MICROS" : field_3 !== undefined ? "NANOS" : undefined;
    if (unit === undefined) throw this.bad(`a ${kind} has no unit`);
    return { kind, unit, utc: struct.field_1 === true };
  }

  #rowGroup(group: Struct, index: number, leafCount: number, ordered: readonly boolean[]): RowGroup {
    const chunks = this.#structs(group.field_1, "column chunks");
    if (chunks.length !== leafCount) {
      throw this.bad(`row group ${index} has ${chunks.length} column chunks, the schema ${leafCount} columns`);
    }
    const rowCount = this.#count(group.field_3, "number of rows");
    const columns = chunks.map((chunk, leaf) => this.#chunk(chunk, index, rowCount, ordered[leaf] === true));
    return { rowCount, columns };
  }

  #chunk(chunk: Struct, group: number, rowCount: number, ordered: boolean): ColumnChunk {
    const statistics = { min: undefined, max: undefined, nullCount: undefined };
    // The metadata of an encrypted column may itself be encrypted, and then it is missing here.
    if (chunk.field_3 === undefined) {
      if (chunk.field_8 === undefined) throw this.bad(`a column chunk of row group ${group} has no metadata`);
      return { start: 0, lengthBytes: 0, valueCount: 0, codec: "", encrypted: true, statistics };
    }
    if (chunk.field_1 !== undefined) throw this.bad("a column chunk lies in another file, which is not supported");
    const meta = this.#struct(chunk.field_3, "column metadata");
    // Writers put 0 where there is no dictionary page.
    const dictionary = meta.field_11 === undefined ? 0 : this.#count(meta.field_11, "dictionary page offset");
    const data = this.#count(meta.field_9, "data page offset");
    const start = dictionary > 0 ? Math.min(dictionary, data) : data;
    const lengthBytes = this.#count(meta.field_7, "compressed size");
    const valuesEnd = 4 + this.#dataBytes;
    if (rowCount > 0 && (start < 4 || start + lengthBytes > valuesEnd)) {
      throw this.bad(`a column chunk at ${start} … ${start + lengthBytes} lies outside the data, 4 … ${valuesEnd}`);
    }
    return {
      start,
      lengthBytes,
      valueCount: this.#count(meta.field_5, "number of values"),
      codec: this.#name(this.#library.CompressionCodecs, meta.field_4, "codec") ?? "",
      encrypted: chunk.field_8 !== undefined,
      statistics: meta.field_12 === undefined ? statistics : this.#statistics(meta.field_12, rowCount, ordered),
    };
  }

  /** Inexact bounds, bounds in the legacy fields 1 and 2 and bounds without a defined order are left out. */
  #statistics(value: unknown, rowCount: number, ordered: boolean): ChunkStatistics {
    const struct = this.#struct(value, "statistics");
    const bytes = (bound: unknown, exact: unknown): Uint8Array | undefined =>
      ordered && exact !== false && bound instanceof Uint8Array ? bound : undefined;
    const nulls = typeof struct.field_3 === "bigint" ? Number(struct.field_3) : -1;
    return {
      max: bytes(struct.field_5, struct.field_7),
      min: bytes(struct.field_6, struct.field_8),
      nullCount: nulls >= 0 && nulls <= rowCount ? nulls : undefined,
    };
  }

  #struct(value: unknown, what: string): Struct {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      throw this.bad(`${what} is no struct`);
    }
    return value as Struct;
  }

  #structs(value: unknown, what: string): readonly Struct[] {
    if (!Array.isArray(value)) throw this.bad(`there is no list of ${what}`);
    return value.map((element) => this.#struct(element, what));
  }

  /** A number from 0 to 2^53. */
  #count(value: unknown, what: string): number {
    const count = typeof value === "bigint" ? Number(value) : value;
    if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) {
      throw this.bad(`the ${what} is ${value === undefined ? "missing" : String(count)}`);
    }
    return count;
  }

  #text(value: unknown, what: string): string {
    if (!(value instanceof Uint8Array)) throw this.bad(`a ${what} is missing`);
    return this.#decoder.decode(value);
  }

  /** The name of an enum's value; undefined when it is not set. Values that came after this reader have no name. */
  #name(names: readonly string[], value: unknown, what: string): string | undefined {
    if (value === undefined) return undefined;
    return names[this.#count(value, what)] ?? `${what} ${String(value)}`;
  }
}
