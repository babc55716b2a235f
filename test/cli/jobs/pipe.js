// From standard input to standard output, as between two pipes.
export default (mill) => mill.from(process.stdin, { schema: { n: "BIGINT" } }).to(mill.stdout());
