// Copies NDJSON from one file to another, both named by the environment.
export default (mill) => mill.file(process.env.MILLRACE_TEST_IN).to(mill.file(process.env.MILLRACE_TEST_OUT));
