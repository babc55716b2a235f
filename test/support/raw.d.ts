// Text of a file as a module: vite reads `import text from "./file?raw"`.
declare module "*?raw" {
  const text: string;

  export = text;
}
