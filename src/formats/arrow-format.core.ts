// What the core sees of arrow-format.ts (`moduleSuffixes` in tsconfig.core.json): apache-arrow's types would bring Node's.
import type { OpenFormat } from "./format.js";

export declare const openArrow: OpenFormat;
