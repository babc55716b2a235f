// Clicks by page, live, in Preact.
/** @jsxImportSource preact */
import { render } from "preact";
import { useState } from "preact/hooks";
import { table } from "../shared/clicks.js";
import { useRows } from "./use-rows.js";

function Clicks() {
  return (
    <table>
      <tbody>
        {useRows(table).map(({ page, clicks, windowStart }) => (
          <tr key={page}>
            <td>{windowStart.toISOString().slice(11, 19)}</td>
            <td>{page}</td>
            <td>{clicks}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function App() {
  const [shown, setShown] = useState(true);
  return (
    <>
      <button type="button" onClick={() => setShown(!shown)}>
        {shown ? "Hide" : "Show"}
      </button>
      {shown && <Clicks />}
    </>
  );
}

render(<App />, document.getElementById("app"));
