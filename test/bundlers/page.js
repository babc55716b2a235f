// The page's side: runs the program and leaves what came of it where the test looks.
import { runWindows } from "./window.js";

runWindows(globalThis.millraceOptions).then(
  (result) => {
    globalThis.millraceResult = result;
  },
  (error) => {
    globalThis.millraceResult = { error: `${error.name} ${error.code}: ${error.message}` };
  },
);
