// A live table in a Svelte 5 component: drawn anew when the table has changed, let go of when nothing reads it any more.
import { createSubscriber } from "svelte/reactivity";

/** What `rows` gives are the table's rows as they are now; an effect or a template that reads it runs again when they change. */
export function liveRows(table) {
  const follow = createSubscriber((changed) => table.subscribe(changed));
  return {
    get rows() {
      follow();
      return table.toRows();
    },
  };
}
