// The page as a host: turns, timers, chance, fetch, and the refusal of paths.
import { expect, inject, test } from "vitest";
import { browserPlatform } from "../../src/platform/browser.js";
import { type FetchResult, promised } from "../../src/platform/platform.js";

test("memory is shared exactly where the page is isolated", () => {
  expect(browserPlatform().sharedMemory).toBe(inject("isolated"));
});

test("turns run in order, later than the code that asked for them", async () => {
  const { scheduler } = browserPlatform();
  const order: string[] = [];
  const done = new Promise<void>((resolve) => {
    scheduler.soon(() => order.push("first"));
    scheduler.soon(() => {
      order.push("second");
      resolve();
    });
  });
  order.push("now");
  await done;
  expect(order).toEqual(["now", "first", "second"]);
});

test("a cancelled timer does not fire", async () => {
  const { scheduler } = browserPlatform();
  let fired = false;
  scheduler.after(1, () => {
    fired = true;
  })();
  await new Promise<void>((resolve) => {
    scheduler.after(10, resolve);
  });
  expect(fired).toBe(false);
});

test("identifiers are version 4 UUIDs", () => {
  const { random } = browserPlatform();
  expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(random.uuid()).not.toBe(random.uuid());
});

test("a fetched body comes in chunks and ends with null", async () => {
  const { net } = browserPlatform();
  const url = URL.createObjectURL(new Blob(["some text"]));
  const result = await promised<FetchResult>((done) => net.fetch(url, {}, done));
  expect(result.status).toBe(200);
  let text = "";
  for (;;) {
    const chunk = await promised<Uint8Array | null>((done) => result.read(done));
    if (chunk === null) break;
    text += new TextDecoder().decode(chunk);
  }
  expect(text).toBe("some text");
});

test("a path is refused by name", async () => {
  const { storage } = browserPlatform();
  const opened = promised((done) => storage.open("/data/x.json", done));
  await expect(opened).rejects.toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("/data/x.json") });
});
