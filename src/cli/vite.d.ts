// What the bundler of the command line adds to `import.meta`.
interface ImportMeta {
  /** Texts of the files that the pattern finds, by their paths, at build time. */
  glob(
    pattern: string,
    options: { readonly query: "?raw"; readonly import: "default"; readonly eager: true },
  ): Readonly<Record<string, string>>;
}
