import { expect, it } from "vitest";
import { median, medianInterval } from "../../bench/statistics.js";

/** 1, 2, …, count, in an order that is not theirs. */
const shuffled = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => ((index * 7) % count) + 1);

it("the median is the middle value, or the lower one of the two in the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2);
  expect(median([])).toBeNaN();
});

// Ranks of tables of the sign test for 95 %, such as table A.33 of Hollander, Wolfe and Chicken.
it.each([
  [6, 1, 6],
  [8, 1, 8],
  [9, 2, 8],
  [10, 2, 9],
  [12, 3, 10],
  [15, 4, 12],
  [20, 6, 15],
  [21, 6, 16],
  [25, 8, 18],
])("the interval of the median of %i values is from rank %i to rank %i", (count, low, high) => {
  // 7 and the count have no common divisor, so each rank occurs once.
  const values = count % 7 === 0 ? shuffled(count + 1).filter((value) => value <= count) : shuffled(count);
  expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  expect(medianInterval(values)).toEqual({ low, high });
});

it.each([0, 1, 3, 5])("%i values are too few for an interval", (count) => {
  expect(medianInterval(shuffled(count))).toBeNull();
});
