// The syntax tree of whole statements: what SQL defines, changes, explains and sets. Queries and expressions are in ast.ts.
import type { Expression, Hint, Identifier, Name, Node, Option, Query, TypeName } from "./ast.js";

export type Statement =
  | Query
  | CreateTable
  | CreateMaterializedTable
  | CreateView
  | Drop
  | Insert
  | Update
  | Delete
  | StatementSet
  | Explain
  | CompilePlan
  | ExecutePlan
  | SetOption
  | ResetOption
  | Show
  | Describe
  | Use;

export interface CreateTable extends Node<"create-table"> {
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly name: Name;
  readonly elements: readonly TableElement[];
  readonly comment: string | null;
  readonly distribution: Distribution | null;
  readonly partitionedBy: readonly Identifier[];
  readonly options: readonly Option[];
  readonly like: LikeTable | null;
  /** CREATE TABLE … AS SELECT. */
  readonly query: Query | null;
}
export type TableElement = TableColumn | MetadataColumn | ComputedColumn | Watermark | PrimaryKey;
export interface TableColumn extends Node<"table-column"> {
  readonly name: Identifier;
  readonly type: TypeName;
  readonly primaryKey: boolean;
  readonly comment: string | null;
}
export interface MetadataColumn extends Node<"metadata-column"> {
  readonly name: Identifier;
  readonly type: TypeName;
  /** The connector's own name for it, when it differs. */
  readonly key: string | null;
  /** Read, and never written. */
  readonly virtual: boolean;
  readonly comment: string | null;
}
export interface ComputedColumn extends Node<"computed-column"> {
  readonly name: Identifier;
  readonly expression: Expression;
  readonly comment: string | null;
}
/** WATERMARK FOR column AS expression. */
export interface Watermark extends Node<"watermark"> {
  readonly column: Name;
  readonly expression: Expression;
}
/** PRIMARY KEY (…) NOT ENFORCED. */
export interface PrimaryKey extends Node<"primary-key"> {
  readonly name: Identifier | null;
  readonly columns: readonly Identifier[];
}
/** DISTRIBUTED BY HASH (a) INTO 4 BUCKETS. */
export interface Distribution extends Node<"distribution"> {
  readonly type: "HASH" | "RANGE" | null;
  readonly columns: readonly Identifier[];
  readonly buckets: number | null;
}
export interface LikeTable extends Node<"like-table"> {
  readonly name: Name;
  readonly options: readonly LikeOption[];
}
export interface LikeOption extends Node<"like-option"> {
  readonly mode: "INCLUDING" | "EXCLUDING" | "OVERWRITING";
  readonly what:
    | "ALL"
    | "CONSTRAINTS"
    | "DISTRIBUTION"
    | "GENERATED"
    | "METADATA"
    | "OPTIONS"
    | "PARTITIONS"
    | "WATERMARKS";
}
/** A table that streams keep up to date and that UPDATE and DELETE may change. */
export interface CreateMaterializedTable extends Node<"create-materialized-table"> {
  readonly ifNotExists: boolean;
  readonly name: Name;
  readonly elements: readonly TableElement[];
  readonly comment: string | null;
  readonly options: readonly Option[];
  readonly query: Query | null;
}
export interface CreateView extends Node<"create-view"> {
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly name: Name;
  readonly columns: readonly Identifier[];
  readonly comment: string | null;
  readonly query: Query;
}
export interface Drop extends Node<"drop"> {
  readonly type: "TABLE" | "VIEW" | "MATERIALIZED TABLE";
  readonly temporary: boolean;
  readonly ifExists: boolean;
  readonly name: Name;
}
export interface Insert extends Node<"insert"> {
  readonly overwrite: boolean;
  readonly table: Name;
  readonly hints: readonly Hint[];
  /** PARTITION (day = '2026-01-31'). */
  readonly partition: readonly Assignment[];
  readonly columns: readonly Identifier[];
  readonly query: Query;
}
export interface Assignment extends Node<"assignment"> {
  readonly column: Identifier;
  readonly value: Expression;
}
export interface Update extends Node<"update"> {
  readonly table: Name;
  readonly alias: Identifier | null;
  readonly assignments: readonly Assignment[];
  readonly where: Expression | null;
}
export interface Delete extends Node<"delete"> {
  readonly table: Name;
  readonly alias: Identifier | null;
  readonly where: Expression | null;
}
/** EXECUTE STATEMENT SET BEGIN …; END: inserts that run as one job. */
export interface StatementSet extends Node<"statement-set"> {
  readonly statements: readonly Insert[];
}
export interface Explain extends Node<"explain"> {
  readonly details: readonly ExplainDetail[];
  readonly statement: Query | Insert | Update | Delete | StatementSet;
}
export type ExplainDetail = "ESTIMATED_COST" | "CHANGELOG_MODE" | "PLAN_ADVICE" | "JSON_EXECUTION_PLAN" | "ANALYZE";
/** COMPILE [AND EXECUTE] PLAN 'file' FOR INSERT …. */
export interface CompilePlan extends Node<"compile-plan"> {
  readonly execute: boolean;
  readonly path: string;
  readonly ifNotExists: boolean;
  readonly statement: Insert | StatementSet;
}
/** EXECUTE PLAN 'file'. */
export interface ExecutePlan extends Node<"execute-plan"> {
  readonly path: string;
}
/** SET 'key' = 'value'; SET alone, null, lists all. */
export interface SetOption extends Node<"set"> {
  readonly option: Option | null;
}
/** RESET 'key'; RESET alone, null, resets all. */
export interface ResetOption extends Node<"reset"> {
  readonly key: string | null;
}
export interface Show extends Node<"show"> {
  readonly what: ShowWhat;
  /** Of CREATE TABLE, CREATE VIEW and COLUMNS. */
  readonly name: Name | null;
  readonly negated: boolean;
  readonly like: string | null;
}
export type ShowWhat =
  | "TABLES"
  | "VIEWS"
  | "MATERIALIZED TABLES"
  | "FUNCTIONS"
  | "CONNECTORS"
  | "FORMATS"
  | "JOBS"
  | "CATALOGS"
  | "DATABASES"
  | "COLUMNS"
  | "CREATE TABLE"
  | "CREATE VIEW";
export interface Describe extends Node<"describe"> {
  readonly name: Name;
  readonly extended: boolean;
}
export interface Use extends Node<"use"> {
  readonly catalog: boolean;
  readonly name: Name;
}
