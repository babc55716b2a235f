// Functions of your own: one row each (map), any number of rows (flatMap), whole typed arrays (mapBatch), and inspect to
// look at rows on their way. Expressions are faster and the optimizer moves them; use functions for what they cannot say.
import { count, Millrace } from "millrace";

const mill = await Millrace.open();
const lines = mill.rows([
  { id: 1, text: "The mill grinds slowly" },
  { id: 2, text: "the water runs" },
]);

const words = lines
  .flatMap(({ id, text }) => text.split(" ").map((word) => ({ id, word })), {
    schema: { id: "BIGINT", word: "STRING" },
  })
  .map(({ id, word }) => ({ id, word: word.toLowerCase() }), { name: "lower" });

const counted = words
  .inspect(({ id, word }) => {
    if (word === "the") console.log(`line ${id} begins with "the"`);
  })
  .groupBy("word")
  .aggregate({ times: count() });
console.log(await counted.toArray());

// A batch at a time: columns come as views of the engine's memory and are good until the function returns.
const celsius = mill.columns({ sensor: new Int32Array([1, 2, 3]), celsius: new Float64Array([-40, 0, 100]) });
const fahrenheit = celsius.mapBatch(
  ({ sensor, celsius }) => ({ sensor, fahrenheit: celsius.values.map((degrees) => degrees * 1.8 + 32) }),
  { schema: { sensor: "INT", fahrenheit: "DOUBLE" } },
);
console.log(await fahrenheit.toArray());
await mill.close();

// Prints:
//
//     line 1 begins with "the"
//     line 2 begins with "the"
//     [
//       { word: 'the', times: 2 },
//       { word: 'mill', times: 1 },
//       { word: 'grinds', times: 1 },
//       { word: 'slowly', times: 1 },
//       { word: 'water', times: 1 },
//       { word: 'runs', times: 1 }
//     ]
//     [
//       { sensor: 1, fahrenheit: -40 },
//       { sensor: 2, fahrenheit: 32 },
//       { sensor: 3, fahrenheit: 212 }
//     ]
