// Where the Chromium of the browser tests is: $CHROMIUM_PATH, or the usual place of a system package. The tests drive the
// system's browser (`npm run setup` installs it) instead of one that a postinstall script would download.
import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of an installed Chromium, or undefined. */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  return PLACES.find((path) => existsSync(path));
}
