// The drawn timelines of the documentation show what the engine does: the rows of each run through a job, and windows, counts and
// late rows are those of the drawing.
import { expect, test } from "vitest";
import { timeline } from "../docs/.vitepress/theme/timeline.mjs";
import { count, Millrace, tumble } from "../src/node.js";
import { textFiles } from "./support/repository.js";

interface Drawing {
  readonly at: string;
  readonly rows: string;
  readonly size: number;
  readonly outOfOrder: number;
  readonly lateness: number;
}

const drawings: Drawing[] = textFiles(["docs"], /\.md$/).flatMap(({ path, text }) =>
  [...text.matchAll(/^<TimeLine (.*)\/>$/gm)].map(([, written = ""], index) => {
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(written)?.[1];
    const seconds = (name: string) => Number(attribute(name) ?? 0);
    return {
      at: `${path}, drawing ${index + 1}`,
      rows: attribute("rows") ?? "",
      size: seconds("size"),
      outOfOrder: seconds("out-of-order"),
      lateness: seconds("lateness"),
    };
  }),
);

test("there are drawings", () => {
  expect(drawings.length).toBeGreaterThan(3);
});

test.each(drawings.filter(({ size }) => size > 0))("$at fires and refuses as the engine does", async (drawing) => {
  const drawn = timeline(drawing);
  const mill = await Millrace.open();
  try {
    for (const batchRows of [1, 7, 8192]) {
      const rows = drawn.steps.map(({ name, at }) => ({ name, at: new Date(at * 1000) }));
      const windows = mill
        .rows(rows, { time: "at", outOfOrder: `${drawing.outOfOrder}s` })
        .window(tumble(`${drawing.size}s`, { lateness: `${drawing.lateness}s` }))
        .aggregate({ n: count() });
      const fired: string[] = [];
      const keep = mill.callback((results) => {
        for (const { windowStart, n } of results) fired.push(`${(windowStart as Date).getTime() / 1000}: ${n}`);
      });
      const late = mill.memory();
      await windows.to(keep).and(windows.late().to(late)).run({ batchRows });

      const inDrawing = drawn.windows.flatMap(({ start, fired }) =>
        fired.map(({ step, count }) => ({ step, start, count })),
      );
      inDrawing.sort((left, right) => left.step - right.step || left.start - right.start);
      expect(fired).toEqual(inDrawing.map(({ start, count }) => `${start}: ${count}`));
      expect(late.toRows().map(({ name }) => name)).toEqual(
        drawn.steps.filter(({ late }) => late).map(({ name }) => name),
      );
    }
  } finally {
    await mill.close();
  }
});
