// Clicks by page, live, in React.
import { useState } from "react";
import { createRoot } from "react-dom/client";
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

createRoot(document.getElementById("app")).render(<App />);
