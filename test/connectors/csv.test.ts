// CSV through the engine: files and URLs read and written, options in their place, columns by name and by position.
import { describe, expect, test } from "vitest";
import { count, sum, tumble } from "../../src/index.js";
import { openSim } from "./support.js";

describe("CSV files", () => {
  test("are read with an inferred schema, windowed, and written", async () => {
    const { mill, sim, run, text } = await openSim();
    const lines = Array.from(
      { length: 100 },
      (_, i) => `${new Date(i * 1000).toISOString()};${i % 2 === 0 ? "a" : '"b;"'};${i}`,
    );
    sim.files.write("/in.csv", `at;key;n\n${lines.join("\r\n")}`);
    const windows = mill
      .file("/in.csv", { time: "at" })
      .window(tumble("1m"))
      .groupBy("key")
      .aggregate({ rows: count(), total: sum("n") });
    await run(windows.select("key", "rows", "total").to(mill.file("/out.tsv")));
    expect(text("/out.tsv")?.split("\n").toSorted().join("\n")).toBe(
      ["", "a\t20\t1580", "a\t30\t870", "b;\t20\t1600", "b;\t30\t900", "key\trows\ttotal"].join("\n"),
    );
  });

  test("without a header go by place, whatever columns the program uses", async () => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/in.csv", "1,x,true\n2,y,false\n");
    const schema = { n: "INT", s: "STRING", b: "BOOLEAN" } as const;
    const table = mill.file("/in.csv", { schema, csv: { header: false } });
    expect(await wait(table.select("b").toArray())).toEqual([{ b: true }, { b: false }]);
    const inferred = mill.file("/in.csv");
    expect(await wait(inferred.select("column1").toArray())).toEqual([{ column1: "x" }, { column1: "y" }]);
  });

  test("tell how they are written, given or found out", async () => {
    const { mill, sim, wait } = await openSim();
    const usual = { delimiter: ",", quote: '"', escape: '"', header: "yes", newline: "LF", encoding: "UTF-8" };
    const cases: readonly (readonly [text: string, told: object, csv?: object])[] = [
      ["a,b\n1,x\n", {}],
      ["a,b", { newline: "none" }],
      ["1,2\r\n3,4", { header: "no", newline: "CRLF" }],
      ["a|b\r1|x\r", { delimiter: "|", newline: "CR" }],
      ["a,b\n1,x\r\n2,y\n", { newline: "CRLF, LF" }],
      ["a\tb\n1\t'x\ty'\n", { delimiter: "\t", quote: "'", escape: "'" }],
      ['a,b\n1,"x\\"y"\n', { escape: "\\" }],
      ["\ufeffa,b\n1,x\n", { encoding: "UTF-8 with byte order mark" }],
      ["a;b\n1;x\n", { delimiter: ";", header: "no" }, { header: false }],
    ];
    for (const [text, told, csv] of cases) {
      sim.files.write("/in.csv", text);
      expect(await wait(mill.file("/in.csv", csv && { csv }).dialect()), text).toEqual({ ...usual, ...told });
    }
    sim.files.write("/in.ndjson", '{"a":1}\n');
    expect(await wait(mill.file("/in.ndjson").dialect())).toBe(null);
    sim.files.write("/wide.csv", Uint8Array.of(0xff, 0xfe, 0x61, 0));
    await expect(wait(mill.file("/wide.csv").dialect())).rejects.toMatchObject({ code: "ENCODING" });
  });

  test("of one directory may have their columns in another order", async () => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/data/1.csv", "a,b\n1,x\n");
    sim.files.write("/data/2.csv", "b;a\ny;2\n");
    const rows = await wait(mill.file("/data/*.csv").toArray());
    expect(rows).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: "y" },
    ]);
  });

  test("an option that is not known is refused when the table is bound", async () => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/in.csv", "a\n1\n");
    const table = mill.file("/in.csv", { csv: { delimitr: ";" } as object });
    await expect(wait(table.toArray())).rejects.toMatchObject({ code: "OPTION", hint: 'did you mean "delimiter"?' });
    const target = mill.rows([{ n: 1 }]).to(mill.file("/out.csv", { csv: { quotes: "'" } as object }));
    await expect(wait(target.run())).rejects.toMatchObject({ code: "OPTION", hint: 'did you mean "quote"?' });
  });

  test("bad records go where the row policy says", async () => {
    const { mill, sim, run } = await openSim();
    sim.files.write("/in.csv", "a,b\n1,x\ntwo,y\n3,z,!\n4,u\n");
    const table = mill.file("/in.csv", { schema: { a: "INT", b: "STRING" }, rowPolicy: "deadLetter" });
    const good = mill.memory();
    const bad = mill.memory();
    await run(table.to(good).and(table.deadLetters().to(bad)));
    expect(good.toRows()).toEqual([
      { a: 1, b: "x" },
      { a: 4, b: "u" },
    ]);
    expect(bad.toRows().map(({ code, line }) => [code, line])).toEqual([
      ["TYPE", 3],
      ["CSV_WIDTH", 4],
    ]);
  });
});
