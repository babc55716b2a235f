// Puts the page up over a feed, whichever it is.
/** @jsxImportSource preact */
import { render } from "preact";
import type { Feed } from "../monitor/frames.js";
import { App } from "./app.js";
import { Model } from "./model.js";

export function open(feed: Feed, where: string): void {
  const model = new Model();
  const root = document.getElementById("page");
  if (root === null) throw new Error("the page has no element with the id page");
  render(<App model={model} feed={feed} where={where} />, root);
  model.follow(feed);
}
