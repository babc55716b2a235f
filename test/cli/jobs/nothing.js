// A module that exports no job.
export const answer = 42;
