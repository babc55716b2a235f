// The connectors that every host has.
import type { Connector } from "../runtime/connector.js";
import { callback } from "./callback.js";
import { file } from "./file.js";
import { generator } from "./generator.js";
import { memory } from "./memory.js";
import { rows } from "./rows.js";
import { http, stream } from "./stream.js";

export const CONNECTORS: readonly Connector[] = [memory, rows, stream, http, generator, file, callback];
