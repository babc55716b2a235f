// What JSON texts are damaged with: its marks, numbers and words at their edges, and what trips readers over.
export const JSON_PIECES: readonly string[] = [
  ...'"\\{}[],:\n\r \t09-+.eE',
  ...["null", "true", "false", "\\u", "\\ud800", "\\udc00", '"a":', '"s":', '"i":', ',"a":1', '"":', '"__proto__":'],
  ...["1e400", "0".repeat(30), "\0", "\x1f", "é", "\ufeff", "[".repeat(140), '{"a":'.repeat(20), "x".repeat(100)],
  ...["-0", "9223372036854775807", "-9223372036854775808", "9007199254740993", "NaN", "-Infinity", "1.0e+5"],
];
