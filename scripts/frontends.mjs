// The live tables of examples/{react,preact,vue,svelte}/, built by vite against the packed tarball and looked at in Chromium:
// what is drawn is what the table holds, changes as rows come, and what is taken away is let go of.
import { join } from "node:path";
import { eventually, load, project, serve, withPage } from "./consumer.mjs";

/** What each needs besides vite. */
const PLUGINS = {
  react: () => [],
  preact: () => [],
  vue: async () => [(await load("@vitejs/plugin-vue")).default()],
  svelte: async () => [(await load("@sveltejs/vite-plugin-svelte")).svelte({ configFile: false })],
};

/** Counts who follows a live table, before the page's own program begins: the examples know nothing of it. */
const COUNTING = `
  import { Millrace } from "millrace";
  const mill = await Millrace.open();
  const prototype = Object.getPrototypeOf(mill.memory({}));
  const { subscribe } = prototype;
  globalThis.followers = 0;
  globalThis.events = 0;
  prototype.subscribe = function (listener, options) {
    const stop = subscribe.call(this, (event) => {
      globalThis.events++;
      return listener(event);
    }, options);
    globalThis.followers++;
    globalThis.followed = this;
    return () => {
      globalThis.followers--;
      stop();
    };
  };
  await mill.close();`;

/** A module that counts, imported by the page before anything else. */
function counting() {
  const name = "virtual:counting";
  return {
    name: "counting",
    resolveId: (id) => (id === name ? id : null),
    load: (id) => (id === name ? COUNTING : null),
    transform: (code, id) => (/examples\/\w+\/main\.jsx?$/.test(id) ? `import "${name}";\n${code}` : null),
  };
}

const TIMES_HIDDEN = 10;

async function follow(page, complaints) {
  const text = () => page.locator("tbody").textContent();
  const first = await eventually("rows", async () => (await text()) || undefined);
  await eventually("other rows", async () => ((await text()) === first ? undefined : true));
  // What is drawn and what the table holds are read in one turn of the page; it may draw a moment later than the table changes.
  await eventually("agreement of page and table", () =>
    page.evaluate(() => {
      const drawn = [...document.querySelectorAll("tr")].map((line) => [...line.cells].map((cell) => cell.textContent));
      const held = globalThis.followed
        .toRows()
        .map((row) => [row.windowStart.toISOString().slice(11, 19), row.page, String(row.clicks)]);
      return held.length === 3 && JSON.stringify(drawn) === JSON.stringify(held) ? true : undefined;
    }),
  );
  const followers = (wanted) =>
    eventually(`${wanted} followers`, async () =>
      (await page.evaluate("globalThis.followers")) === wanted ? true : undefined,
    );
  await followers(1);
  const button = page.getByRole("button");
  for (let turn = 0; turn < TIMES_HIDDEN; turn++) {
    await button.click();
    await page.locator("table").waitFor({ state: "detached" });
    await followers(0);
    if (turn === TIMES_HIDDEN - 1) break;
    await button.click();
    await page.locator("table").waitFor();
    await followers(1);
  }
  const told = await page.evaluate("globalThis.events");
  const version = await page.evaluate("globalThis.followed.version");
  await eventually("new rows", async () =>
    (await page.evaluate("globalThis.followed.version")) > version + 3 ? true : undefined,
  );
  if ((await page.evaluate("globalThis.events")) !== told) throw new Error("told after it was taken away");
  // A framework, and what looks at the page, may hold on to what was drawn last; a hook that holds on holds all of them.
  await eventually("page without the tables that were taken away", async () =>
    (await living(page, "HTMLTableElement.prototype")) < TIMES_HIDDEN / 2 ? true : undefined,
  );
  if (complaints.length > 0) throw new Error("the page complains");
}

/** How many objects with a prototype are left once all garbage has gone. */
async function living(page, prototype) {
  const session = await page.context().newCDPSession(page);
  const { result } = await session.send("Runtime.evaluate", { expression: prototype });
  const { objects } = await session.send("Runtime.queryObjects", { prototypeObjectId: result.objectId });
  const { result: count } = await session.send("Runtime.callFunctionOn", {
    functionDeclaration: "function () { return this.length; }",
    objectId: objects.objectId,
  });
  await session.detach();
  return count.value;
}

async function built(name) {
  const { build } = await load("vite");
  const root = join(project, "examples", name);
  const outDir = join(project, "out", name);
  const plugins = [counting(), ...(await PLUGINS[name]())];
  await build({ root, configFile: false, logLevel: "error", plugins, build: { outDir, emptyOutDir: true } });
  return outDir;
}

export const FRONT_ENDS = Object.fromEntries(
  Object.keys(PLUGINS).map((name) => [
    `live tables in ${name}`,
    async () => {
      const { url, close } = await serve(await built(name));
      await withPage(url, follow).finally(close);
    },
  ]),
);
