// What this program uses of asciichart, which ships no types.
declare module "asciichart" {
  export function plot(
    series: readonly number[],
    options?: { height?: number; format?: (value: number) => string },
  ): string;
}
