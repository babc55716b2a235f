// What the core sees of arrow-file.ts (`moduleSuffixes` in tsconfig.core.json): apache-arrow's types would bring Node's.
import type { Completion, ReadableFile } from "../platform/platform.js";
import type { RangedFile } from "./ranged-file.js";

export declare const openArrowFile: (file: ReadableFile, done: Completion<RangedFile | null>) => void;
