// Who may listen to a broadcast. A server on this machine is within reach of every page that its user opens: Host is looked at
// against DNS rebinding, Origin against foreign pages, and a token stands for what neither of them tells.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import { PlanError } from "../errors.js";

/** A whole number in an option. */
export const Whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const Texts = v.optional(v.array(v.string()), []);

/** Options of everything here that listens. */
export const SERVER_OPTIONS = {
  port: Whole(0, 65_535),
  path: v.optional(v.pipe(v.string(), v.startsWith("/")), "/"),
  host: v.optional(v.string(), "127.0.0.1"),
  hosts: Texts,
  origins: Texts,
  token: v.optional(v.nullable(v.pipe(v.string(), v.minLength(16))), null),
  onListen: v.optional(v.function()),
};

/** @throws OPTION for a server that others than this machine reach without a token */
export function checkReach(name: string, host: string, token: string | null): void {
  if (/^(localhost|127(\.\d+){3}|::1)$/.test(host) || token !== null) return;
  throw new PlanError("OPTION", `${name} would listen on ${host} without a token`, {
    hint: "whoever reaches this machine could read or write the rows: give { token }, or listen on 127.0.0.1",
  });
}

export interface GuardOptions {
  readonly port: number;
  /** Further values of Host, as `dashboard.example.com` or with a port. */
  readonly hosts: readonly string[];
  /** Further values of Origin. */
  readonly origins: readonly string[];
  readonly token: string | null;
}

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
/** Ports that a browser leaves out of Host and Origin. */
const DEFAULT_PORT = 80;

export class Guard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #token: Buffer | null;

  constructor({ port, hosts, origins, token }: GuardOptions) {
    const suffixes = port === DEFAULT_PORT ? ["", `:${port}`] : [`:${port}`];
    const own = LOOPBACK.flatMap((host) => suffixes.map((suffix) => host + suffix));
    const named = hosts.flatMap((host) => (/:\d+$/.test(host) ? [host] : [host, `${host}:${port}`]));
    this.#hosts = new Set([...own, ...named].map((host) => host.toLowerCase()));
    this.#origins = new Set([...own.map((host) => `http://${host}`), ...origins]);
    this.#token = token === null ? null : digest(token);
  }

  /** The status that a request is refused with, before its token is looked at; null when it may go on. */
  refusal({ headers, rawHeaders }: IncomingMessage): 400 | 403 | null {
    // Two of them are read differently by whatever stands before this server.
    if (rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host").length !== 1) return 400;
    if (!this.#hosts.has((headers.host ?? "").toLowerCase())) return 403;
    // No page leaves Origin out where it matters; what sends none is no page.
    return headers.origin === undefined || this.#origins.has(headers.origin) ? null : 403;
  }

  get needsToken(): boolean {
    return this.#token !== null;
  }

  isToken(token: unknown): boolean {
    if (this.#token === null) return true;
    // Digests are equally long, which is what the comparison in constant time asks for.
    return typeof token === "string" && timingSafeEqual(digest(token), this.#token);
  }

  /** Whether the request carries the token, as `Authorization: Bearer …`; in the URL it would get into logs. */
  carriesToken({ headers }: IncomingMessage): boolean {
    return this.isToken(/^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1]);
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
