// A live table in a React component: drawn anew when the table has changed, let go of when the component goes.
import { useCallback, useSyncExternalStore } from "react";

/** The rows of the table as they are now: the same array until it changes. */
export function useRows(table) {
  const subscribe = useCallback((changed) => table.subscribe(changed), [table]);
  return useSyncExternalStore(subscribe, () => table.toRows());
}
