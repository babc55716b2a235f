// Connectors that load late: nothing before a program names them, once for all programs, and a failure by its code.
import { expect, test } from "vitest";
import { CONNECTORS } from "../../src/connectors/all.js";
import { memory } from "../../src/connectors/memory.js";
import { Engine, prepareEngine } from "../../src/engine.js";
import { nodePlatform } from "../../src/platform/node.js";
import type { Connector, LateConnector } from "../../src/runtime/connector.js";
import { inlineModules } from "../../src/wasm/inline.js";

const ROWS = [{ n: 1 }, { n: 2 }];

async function openWith(connectors: readonly (Connector | LateConnector)[]): Promise<Engine> {
  return new Engine(await prepareEngine(nodePlatform(), connectors, inlineModules()));
}

test("a connector says the name that it is found by", async () => {
  const names = await Promise.all(
    CONNECTORS.map(async (connector) => [connector.name, "load" in connector ? (await connector.load()).name : null]),
  );
  for (const [name, loaded] of names) if (loaded !== null) expect(loaded).toBe(name);
  expect(names.map(([name]) => name).sort()).toEqual([
    "blackhole",
    "callback",
    "console",
    "event-source",
    "fetch",
    "file",
    "generator",
    "memory",
    "nexmark",
    "poll",
    "push",
    "rows",
    "stdout",
    "stream",
    "webhook",
    "websocket",
  ]);
});

test("is loaded by the first program that names it, for reading or writing, and not again", async () => {
  let loads = 0;
  const load = () => {
    loads++;
    return Promise.resolve(memory);
  };
  await using mill = await openWith([{ name: "memory", load }, ...CONNECTORS.filter(({ name }) => name === "rows")]);
  expect(await mill.rows(ROWS).toArray()).toEqual(ROWS);
  expect(loads).toBe(0);
  const target = mill.memory();
  await mill.rows(ROWS).to(target).run();
  expect(target.toRows()).toEqual(ROWS);
  expect(await mill.columns({ n: [3] }).toArray()).toEqual([{ n: 3 }]);
  expect(loads).toBe(1);
});

test("what does not load is MODULE_MISSING, and is tried again", async () => {
  let failures = 1;
  const load = () => {
    const failure = new TypeError("Failed to fetch dynamically imported module");
    return failures-- > 0 ? Promise.reject(failure) : Promise.resolve(memory);
  };
  await using mill = await openWith([{ name: "memory", load }]);
  const table = mill.columns({ n: [1, 2] });
  await expect(table.toArray()).rejects.toMatchObject({
    code: "MODULE_MISSING",
    message: expect.stringMatching(/connector "memory".*Failed to fetch/),
    hint: expect.stringContaining("every file"),
  });
  expect(await table.toArray()).toEqual(ROWS);
});

test("a job that is stopped while a connector loads never starts", async () => {
  let loaded = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  const load = async () => {
    await gate;
    return memory;
  };
  await using mill = await openWith([{ name: "memory", load }]);
  const job = mill
    .columns({ n: [1, 2] })
    .to(mill.memory())
    .start();
  const cancelled = job.cancel();
  loaded();
  await cancelled;
  await expect(job.done).rejects.toMatchObject({ code: "CANCELLED" });
  expect(job.state).toBe("cancelled");
  expect(job.progress().rows).toBe(0);
});
