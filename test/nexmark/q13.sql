-- q13, side input: each bid with a value of a table that does not change.
CREATE TABLE side_input (
  key BIGINT,
  `value` STRING
) WITH (
  'connector' = 'filesystem',
  'path' = 'side-input.csv',
  'format' = 'csv'
);

SELECT b.auction, b.bidder, b.price, b.dateTime, s.`value`
FROM bid AS b
JOIN side_input AS s ON MOD(b.auction, 10000) = s.key;
