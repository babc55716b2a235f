// What happens to a row that cannot be read or computed: end the job, keep it aside, or count it.

export type RowPolicy = "fail" | "deadLetter" | "skip";

export function strictest(policies: readonly RowPolicy[]): RowPolicy {
  return (["fail", "deadLetter", "skip"] as const).find((policy) => policies.includes(policy)) ?? "fail";
}
