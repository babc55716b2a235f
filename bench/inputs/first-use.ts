// Inputs that are made when a bench first asks for them, so that the others of a run do not wait, and removed at the end.

/** `make`, called once; what it made is disposed of when the process ends. */
export function onFirstUse<Input extends { dispose(): void }>(make: () => Input): () => Input {
  let input: Input | undefined;
  return () => {
    if (input === undefined) {
      const made = make();
      process.once("exit", () => made.dispose());
      input = made;
    }
    return input;
  };
}
