// Errors of files and fetches in one wording, whatever the host.
import { ConnectorError } from "../errors.js";

export function fileNotFound(path: string, cause?: unknown): ConnectorError {
  return new ConnectorError("FILE_NOT_FOUND", `no file "${path}"`, {
    hint: "correct the path; patterns know *, **, ?, [a-z], [!a-z] and {a,b}",
    at: { source: path },
    domain: "user",
    cause,
  });
}

export function fileExists(path: string, cause?: unknown): ConnectorError {
  return new ConnectorError("FILE_EXISTS", `"${path}" exists already and is not overwritten`, {
    hint: "choose another name, or remove the file first",
    at: { source: path },
    domain: "user",
    cause,
  });
}

/** `what` names the call that failed, e.g. `read`. */
export function fileFailed(path: string, what: string, cause: unknown): ConnectorError {
  return new ConnectorError("FILE_IO", `${what} of "${path}" failed: ${messageOf(cause)}`, {
    hint: "look at rights, free space and the device; the message carries the host's reason",
    at: { source: path },
    cause,
  });
}

export function fetchFailed(url: string, what: string, cause?: unknown): ConnectorError {
  return new ConnectorError("FETCH", `${redacted(url)}: ${what}`, {
    hint: "look at the address, the server and, in a page, at CORS",
    at: { source: redacted(url) },
    retry: "backoff",
    cause,
  });
}

/** The URL without user, password and query, which may hold secrets. */
export function redacted(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1").replace(/[?#].*$/s, "");
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
