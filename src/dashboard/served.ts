// The page as `millrace monitor` serves it: the token comes behind the `#` of the link, and is kept for this tab alone.
import { open } from "./open.js";
import { RemoteFeed } from "./remote.js";

const KEPT = "millrace-token";

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given !== null) {
  sessionStorage.setItem(KEPT, given);
  // Out of the address bar, where it would be copied and photographed.
  history.replaceState(null, "", "/");
}
open(
  new RemoteFeed(given ?? sessionStorage.getItem(KEPT) ?? ""),
  `The engine runs in a process of this machine, ${location.host}.`,
);
