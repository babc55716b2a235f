// What all files of one target share: how many bytes wait to be written, and how many files may be open at a time.

/** Bytes that wait to be written before a target says that it is full. */
export const WAITING_BYTES_MAX = 4 << 20;
/** Files open at a time. Half of them may be written to: the others are those that are being closed, so that none waits for ever. */
const HANDLES_MAX = 128;
/** Files that are written to at a time. */
export const WRITTEN_MAX = HANDLES_MAX / 2;

export class Backlog {
  /** Encoded bytes that are not written yet. */
  waitingBytes = 0;
  #free = HANDLES_MAX;
  readonly #queue: (() => void)[] = [];

  get isFull(): boolean {
    return this.waitingBytes >= WAITING_BYTES_MAX;
  }

  /** Goes on when one more file may be open. */
  takeHandle(go: () => void): void {
    if (this.#free === 0) {
      this.#queue.push(go);
      return;
    }
    this.#free--;
    go();
  }

  giveHandle(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
