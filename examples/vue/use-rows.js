// A live table in a Vue component: drawn anew when the table has changed, let go of when the component goes.
import { onScopeDispose, shallowRef } from "vue";

/** A ref of the table's rows as they are now. Shallow, because rows are shared and never written to. */
export function useRows(table) {
  const rows = shallowRef(table.toRows());
  const stop = table.subscribe(() => {
    rows.value = table.toRows();
  });
  onScopeDispose(stop);
  return rows;
}
