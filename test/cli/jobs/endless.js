// A job without end that writes a file: what Ctrl-C has to clean up after. The target comes from the environment.
export default (mill) =>
  mill
    .generate({ schema: { ts: "TIMESTAMP(3)", key: "STRING" }, rowsPerSecond: 1000 })
    .inspect(() => {
      if (!process.env.MILLRACE_TEST_STARTED) {
        process.env.MILLRACE_TEST_STARTED = "1";
        process.stderr.write("started\n");
      }
    })
    .to(mill.file(process.env.MILLRACE_TEST_OUT));
