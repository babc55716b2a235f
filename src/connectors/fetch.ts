// `mill.fetch(url)`: every job fetches anew. Parquet and Arrow files are read by ranges (remote-file.ts), everything else as a
// stream, which goes on where a connection broke when the server can (remote-body.ts).
import type { ConnectionEvent } from "../operators/operator.js";
import type { SourceContext } from "../operators/source.js";
import type { Connector, Resolved, Table } from "../runtime/connector.js";
import { compressionOf } from "./compression.js";
import { checkOthers, loadAndOpen, loadFormat, PARQUET } from "./formats.js";
import { RemoteBody } from "./remote-body.js";
import { isRanged, RemoteFileSource, remoteSchema } from "./remote-file.js";
import { type Begun, look, plain, resolvedStream, type Start, StreamSource, streamFormat } from "./stream.js";

export const http: Connector = {
  name: "fetch",
  async resolve(table, schema): Promise<Resolved> {
    const name = streamFormat(table.ref);
    if (isRanged(name, table)) {
      checkOthers(name, table.ref.name, table.ref.options);
      const found = schema ?? (await remoteSchema(name, table));
      if (name !== PARQUET) await loadFormat(name, table.ref.name);
      if (found !== null) return resolvedStream(found);
    }
    const format = await loadAndOpen(name, table.ref);
    if (schema !== null) return resolvedStream(schema);
    const { begun, sample } = await look(begin(table));
    begun.cancel();
    return resolvedStream(format.inferSchema({ ...sample, source: table.ref.name }));
  },
  source: (table, schema, predicate) => {
    const format = streamFormat(table.ref);
    const stream = () =>
      new StreamSource(table, schema, (start, context, done) => done(null, begin(table, start, context)));
    return isRanged(format, table) ? new RemoteFileSource({ format, table, schema, predicate, stream }) : stream();
  },
};

/** Reads the body from `start` on; compressed ones are unpacked from their own start, and what was read is passed over. */
function begin(table: Table, start: Start = { version: null, position: null }, context?: SourceContext): Begun {
  const { live, ref, platform } = table;
  const headers = ref.options["headers"] as Readonly<Record<string, string>> | undefined;
  const fromByte = start.position?.byte ?? 0;
  const byte = compressionOf(ref.name, ref.options["compression"]) === "none" ? fromByte : 0;
  const connection = context && ((event: ConnectionEvent) => context.connection(event));
  const body = new RemoteBody({ url: live as string, headers, platform, connection }, { byte, version: start.version });
  return {
    head: [],
    rest: plain((done) => body.read(done), table, fromByte),
    cancel: () => body.cancel(),
    version: () => body.version,
  };
}
