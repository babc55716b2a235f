// A worker for workerd: counts the lines that it is sent in windows, by compiled modules that the runtime hands over.
import { count, Millrace, tumble } from "millrace/slim";
import formats from "./formats.wasm";
import kernels from "./kernels.wasm";

export default {
  async fetch(request) {
    const mill = await Millrace.open({ kernels, formats });
    const stream = mill.from(request.body, { schema: { ts: "TIMESTAMP(3)", n: "INT" }, time: "ts" });
    const rows = await stream.window(tumble("1s")).aggregate({ n: count() }).toArray();
    await mill.close();
    return Response.json(rows);
  },
};
