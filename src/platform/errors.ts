// Errors of files, fetches and parts that load late in one wording, whatever the host.
import { ConnectorError, ResourceError } from "../errors.js";

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

/**
 * Waits for a part of Millrace that is loaded when it is first needed.
 * @throws MODULE_MISSING when the host cannot load it; the next call tries again
 */
export async function loadPart<T>(what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new ResourceError("MODULE_MISSING", `${what} did not load: ${messageOf(cause)}`, {
      hint: "serve every file that the bundler wrote; a page that is older than they are has to be loaded anew",
      cause,
    });
  }
}

/** The URL without user, password and query, which may hold secrets. */
export function redacted(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1").replace(/[?#].*$/s, "");
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
