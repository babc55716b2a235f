// Errors as programs meet them: the name of each class, which a minifier must not change.
import { expect, test } from "vitest";
import * as errors from "../src/errors.js";

const { EngineError, PlanError, SchemaError, DataError, ConnectorError, StateError, ResourceError, AbortError } =
  errors;
const CLASSES = {
  EngineError,
  PlanError,
  SchemaError,
  DataError,
  ConnectorError,
  StateError,
  ResourceError,
  AbortError,
};

test.each(Object.entries(CLASSES))("%s keeps its name when its class is called otherwise", (name, Base) => {
  // What a minifier does to the class itself.
  const renamed = class e extends (Base as typeof EngineError) {};
  expect(new renamed("TYPE", "no").name).toBe(name);
  expect(String(new Base("TYPE", "no"))).toBe(`${name}: no`);
});

test("our own bug keeps its name", () => {
  const renamed = class e extends errors.InternalError {};
  expect(new renamed("no").name).toBe("InternalError");
  expect(String(new errors.InternalError("no"))).toBe("InternalError: no");
});
