// Where statements begin and end in a text of many.
import { expect, test } from "vitest";
import { splitScript } from "../../src/sql/script.js";

test("statements are cut at semicolons, not at those in texts, names, comments and statement sets", () => {
  const text = `-- first; not here
SELECT ';' AS \`a;b\` /* ; */;

  EXECUTE STATEMENT SET BEGIN
    INSERT INTO a SELECT CASE WHEN x THEN 1 END;
    INSERT INTO b SELECT 2;
  END;
;BEGIN STATEMENT SET; INSERT INTO c SELECT 3; END;
SELECT begin FROM t`;
  const statements = splitScript(text);
  expect(statements.map(({ line, closed }) => [line, closed])).toEqual([
    [2, true],
    [4, true],
    [8, true],
    [9, false],
  ]);
  expect(statements[0]?.text).toBe("SELECT ';' AS `a;b`");
  expect(statements[1]?.text).toMatch(/^EXECUTE.*END$/s);
  for (const { text: part, span } of statements) expect(text.slice(span.from, span.to)).toBe(part);
});

test("an unfinished statement is not closed: a shell waits for more", () => {
  expect(splitScript("SELECT 1;\nSELECT 2").map(({ closed }) => closed)).toEqual([true, false]);
  expect(splitScript("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;").map(({ closed }) => closed)).toEqual([
    false,
  ]);
  expect(splitScript(" -- nothing")).toEqual([]);
});
