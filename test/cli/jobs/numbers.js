// Numbers that JSON has no words for.
export default (mill) => mill.rows([{ a: Number.NaN, b: Number.NEGATIVE_INFINITY, c: -0 }]);
