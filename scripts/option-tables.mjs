// Tables of options for the reference: names, types and texts are those of the declarations, ranges and defaults those of the
// schemas that the options are checked against. A page has a table between `<!-- options of NOUN -->` and `<!-- end -->`.
import { join } from "node:path";
import ts from "typescript";

/** Files that declare the options; other files may have types of the same names. */
const FILES = [
  "api/tables",
  "api/table",
  "api/stream",
  "api/live",
  "api/nexmark",
  "api/targets",
  "api/console",
  "live-table",
  "arrow/rows",
  "plan/policy",
];

const MARK = /(<!-- options of ([\w ]+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** The declarations of options below `root`, read once for all tables. */
export function readDeclarations(root) {
  const files = FILES.map((path) => join(root, "src", `${path}.ts`));
  const options = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    types: [],
    strict: true,
    noEmit: true,
  };
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const types = new Map();
  for (const { statements } of files.map((path) => program.getSourceFile(path))) {
    for (const node of statements) {
      if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) types.set(node.name.text, node);
    }
  }
  return { checker, types };
}

/**
 * The text of a page with its tables filled in.
 * @param tables - those of test/support/option-tables.ts
 */
export function withOptionTables(text, tables, declarations) {
  return text.replaceAll(MARK, (_, begin, noun, end) => {
    const table = tables.find((candidate) => candidate.noun === noun);
    if (table === undefined)
      throw new Error(`there are no options of "${noun}": ${tables.map((t) => t.noun).join(", ")}`);
    return `${begin}\n${optionTable(table, declarations)}\n${end}`;
  });
}

/** The nouns whose tables a page shows. */
export function nounsOf(text) {
  return [...text.matchAll(MARK)].map(([, , noun]) => noun);
}

/** One table as Markdown. Fails for options without a text, and where declaration and checks know different names. */
function optionTable({ noun, type, property, without = [], omit = [], schemas = [], names }, declarations) {
  const { checker } = declarations;
  const fail = (what) => {
    throw new Error(`options of ${noun}: ${what}`);
  };
  const propertiesOf = (name) => {
    const node = declarations.types.get(name) ?? fail(`there is no type ${name}`);
    return checker.getPropertiesOfType(checker.getTypeAtLocation(node.name));
  };
  let symbols = propertiesOf(type);
  if (property !== undefined)
    symbols = membersOf(declared(symbols.find(({ name }) => name === property)).type, declarations);
  const entries = Object.assign({}, ...schemas.map((schema) => schema.entries));
  const shared = new Set(without.flatMap((name) => propertiesOf(name).map((symbol) => symbol.name)));
  sameNames(symbols, names, shared, fail);
  if (schemas.length > 0)
    sameNames(
      symbols.filter(({ name }) => !shared.has(name)),
      Object.keys(entries),
      new Set(),
      fail,
    );
  const own = symbols.filter(({ name }) => !shared.has(name) && !omit.includes(name));
  const rows = own.flatMap((symbol) => optionRows(symbol, entries[symbol.name], "", declarations, fail));
  return `| option | type | unless given | what it does |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function sameNames(symbols, names, shared, fail) {
  if (names === undefined) return;
  const declaredNames = symbols.map(({ name }) => name);
  const missing = declaredNames.filter((name) => !names.includes(name) && !shared.has(name));
  const extra = names.filter((name) => !declaredNames.includes(name));
  if (missing.length > 0) fail(`${missing.join(", ")} would be refused`);
  if (extra.length > 0) fail(`${extra.join(", ")} can be given, and no declaration says so`);
}

/** The row of an option, and those of its parts. */
function optionRows(symbol, entry, prefix, declarations, fail) {
  const name = prefix + symbol.name;
  const { type, questionToken } = declared(symbol);
  const text = ts.displayPartsToString(symbol.getDocumentationComment(declarations.checker)).replaceAll(/\s+/g, " ");
  if (text === "") fail(`${name} has no text: write a docstring at its declaration`);
  const { does, unless } = splitDefault(text);
  const checked = entry?.type === "optional" ? entry.wrapped : entry;
  const parts = membersOf(type, declarations);
  const show = /bytes/i.test(symbol.name) ? sizeText : (number) => number.toLocaleString("en");
  const usual = shownDefault(entry, show) ?? unless ?? (questionToken === undefined ? "must be given" : "–");
  const shownType = parts.length > 0 ? typeText(type, declarations) : code(plain(alias(type, declarations).getText()));
  const row = `| ${[code(name), `${shownType}${range(checked, show)}`, usual, does].map(cell).join(" | ")} |`;
  return [
    row,
    ...parts.flatMap((part) => optionRows(part, checked?.entries?.[part.name], `${name}.`, declarations, fail)),
  ];
}

/** The declaration of a property, also where it comes by Pick. */
const declared = (symbol) => symbol.valueDeclaration ?? symbol.declarations?.[0];

/** The options that a type has as an object, none where it is something else; of a union those of its objects. */
function membersOf(node, declarations) {
  if (ts.isUnionTypeNode(node)) return node.types.flatMap((one) => membersOf(one, declarations));
  if (ts.isTypeReferenceNode(node)) {
    const target = declarations.types.get(node.typeName.getText());
    return target !== undefined && ts.isInterfaceDeclaration(target) ? membersOf(target, declarations) : [];
  }
  if (!ts.isTypeLiteralNode(node) && !ts.isInterfaceDeclaration(node)) return [];
  return node.members
    .filter(ts.isPropertySignature)
    .map((member) => declarations.checker.getSymbolAtLocation(member.name));
}

/** What a name of a union stands for. */
function alias(node, declarations) {
  const target = ts.isTypeReferenceNode(node) ? declarations.types.get(node.typeName.getText()) : undefined;
  return target !== undefined && ts.isTypeAliasDeclaration(target) && ts.isUnionTypeNode(target.type)
    ? target.type
    : node;
}

/** The type with objects as such: their parts have rows. */
function typeText(node, declarations) {
  if (!ts.isUnionTypeNode(node)) return "object";
  const others = node.types.filter((one) => membersOf(one, declarations).length === 0);
  return [...others.map((one) => code(plain(one.getText()))), "object"].join(" or ");
}

/** Types as the reader of a page needs them. */
function plain(text) {
  return text
    .replaceAll(/\breadonly /g, "")
    .replaceAll(/Readonly<(.*)>/g, "$1")
    .replaceAll(/(Checked)?Schema(Literal)?<S>/g, "Schema")
    .replaceAll(/ColumnOf<.*?>>?(?=\[| |$)/g, "string")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** A text in the house's words, "…; 40 unless given", in two: what the option does, and what holds without it. */
function splitDefault(text) {
  const match = /(^|[;.] )((?:(?!; |\. |: ).)+?),? unless given(?=[.;])[.;]?/.exec(text);
  if (match === null) return { does: text };
  const before = text.slice(0, match.index);
  const after = text.slice(match.index + match[0].length).trim();
  const whole = [before === "" || before.endsWith(".") ? before : `${before}.`, capital(after)].filter(
    (part) => part !== "",
  );
  return { does: whole.join(" "), unless: match[2].charAt(0).toLowerCase() + match[2].slice(1) };
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What a schema puts for an option that is not given; undefined where it says nothing. */
function shownDefault(entry, show) {
  if (entry?.type !== "optional" || entry.default === undefined || entry.default === null) return undefined;
  if (typeof entry.default === "object") return entry.wrapped.entries === undefined ? "none" : undefined;
  return typeof entry.default === "number" ? show(entry.default) : code(JSON.stringify(entry.default));
}

/** The bounds that a schema sets to a number. */
function range(schema, show) {
  const bound = (type) => schema?.pipe?.find((step) => step.type === type)?.requirement;
  const [min, max] = [bound("min_value"), bound("max_value")];
  if (typeof min !== "number") return "";
  return max === undefined ? `, from ${show(min)} on` : `, ${show(min)} to ${show(max)}`;
}

function sizeText(bytes) {
  const unit = [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ].find(([, size]) => bytes >= size && bytes % size === 0);
  return unit === undefined ? bytes.toLocaleString("en") : `${bytes / unit[1]} ${unit[0]}`;
}

const code = (text) => `\`${text}\``;
const cell = (text) => text.replaceAll("|", "\\|");
