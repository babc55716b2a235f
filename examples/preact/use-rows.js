// A live table in a Preact component: drawn anew when the table has changed, let go of when the component goes.
import { useEffect, useState } from "preact/hooks";

/** The rows of the table as they are now: the same array until it changes. */
export function useRows(table) {
  const [rows, setRows] = useState(() => table.toRows());
  useEffect(() => table.subscribe(() => setRows(table.toRows())), [table]);
  return rows;
}
