// All rows of several inputs, in the order in which they come. Watermarks and split numbers are brought together before it,
// by the head of its task.
import type { Batch } from "../arrow/batch.js";
import { type Output, StatelessOperator } from "./operator.js";

export class Union extends StatelessOperator {
  processBatch(batch: Batch, _input: number, out: Output): void {
    out.emit(batch);
  }
}
