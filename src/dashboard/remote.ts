// The feed of a page that a server serves: Server-Sent Events read by fetch, which can carry the token in a header where an
// EventSource cannot. A lost connection is tried again, ever more slowly.
import type { Feed, Frame } from "../monitor/frames.js";

const RETRY_MS = 500;
const RETRY_MS_MAX = 10_000;

export class RemoteFeed implements Feed {
  readonly #headers: { readonly authorization: string };

  constructor(token: string) {
    this.#headers = { authorization: `Bearer ${token}` };
  }

  follow(listener: (frame: Frame) => void, lost: (reason: string) => void): () => void {
    const controller = new AbortController();
    void this.#read(listener, lost, controller.signal);
    return () => controller.abort();
  }

  async plan(): Promise<string> {
    const response = await fetch("/api/plan", { headers: this.#headers });
    return response.ok ? response.text() : `the server answers ${response.status}`;
  }

  async #read(listener: (frame: Frame) => void, lost: (reason: string) => void, signal: AbortSignal): Promise<void> {
    for (let retryMs = RETRY_MS; !signal.aborted; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      try {
        const response = await fetch("/api/events", { headers: this.#headers, signal });
        if (response.status === 401) {
          lost("The key of this page is not the server's. Open the link that the command printed last.");
          return;
        }
        if (!response.ok || response.body === null) throw new Error(`the server answers ${response.status}`);
        for await (const frame of framesOf(response.body)) {
          retryMs = RETRY_MS;
          listener(frame);
        }
        throw new Error("the server closed the connection");
      } catch (cause) {
        if (signal.aborted) return;
        lost(`Not connected: ${cause instanceof Error ? cause.message : String(cause)}. Trying again.`);
        await new Promise((resolve) => setTimeout(resolve, retryMs * (0.75 + Math.random() / 2)));
      }
    }
  }
}

/** Each event is one `data:` line and a blank one: the server sends nothing else. */
async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame, void, undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) yield JSON.parse(event.slice("data: ".length)) as Frame;
  }
}
