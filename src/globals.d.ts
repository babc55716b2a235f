// What every host of Millrace has (Node >= 20, browsers, workers) and ES2023 does not name. The core is compiled against
// this file instead of host types; whatever is missing here must come through Platform (platform/platform.ts).

declare namespace WebAssembly {
  type ImportValue = Memory | Global | number | ((...args: never[]) => unknown);
  type Imports = Record<string, Record<string, ImportValue>>;
  type Exports = Record<string, unknown>;
  interface MemoryDescriptor {
    /** Pages of 64 KiB. */
    initial: number;
    /** Pages of 64 KiB. Required when shared. */
    maximum?: number;
    shared?: boolean;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    /** Replaced by `grow`: on plain memory the old buffer is detached, on shared memory it keeps its old length. */
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
    /** Adds pages; returns how many there were. Throws a RangeError beyond the maximum or what the host grants. */
    grow(delta: number): number;
  }
  class Global {
    value: unknown;
  }
  class Module {
    constructor(bytes: ArrayBufferView | ArrayBuffer);
    static imports(module: Module): { module: string; name: string; kind: string }[];
    static exports(module: Module): { name: string; kind: string }[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  function compile(bytes: ArrayBufferView | ArrayBuffer): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function instantiate(
    bytes: ArrayBufferView | ArrayBuffer,
    imports?: Imports,
  ): Promise<{ module: Module; instance: Instance }>;
  function validate(bytes: ArrayBufferView | ArrayBuffer): boolean;
}

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
  /** Chromium refuses a target over a SharedArrayBuffer. */
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  /** Chromium refuses bytes over a SharedArrayBuffer: copy them first. */
  decode(bytes?: ArrayBufferView | ArrayBuffer, options?: { stream?: boolean }): string;
}

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

/** The part of a WHATWG stream's reader that a source needs. */
interface ReadableStreamDefaultReader<T = unknown> {
  read(): Promise<{ done: false; value: T } | { done: true; value?: T | undefined }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

interface ReadableStream<T = unknown> {
  readonly locked: boolean;
  getReader(): ReadableStreamDefaultReader<T>;
  cancel(reason?: unknown): Promise<void>;
}

interface WritableStreamDefaultWriter<T = unknown> {
  write(chunk: T): Promise<void>;
  close(): Promise<void>;
}

declare class DecompressionStream {
  constructor(format: "deflate");
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: { getWriter(): WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> };
}

declare function atob(base64: string): string;
declare function queueMicrotask(task: () => void): void;
declare function structuredClone<T>(value: T): T;
