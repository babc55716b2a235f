-- q18, last bid of each bidder on each auction; of bids at one time the one with the greater text.
SELECT auction, bidder, price, channel, url, dateTime, extra
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY dateTime DESC, extra DESC) AS place
  FROM bid
) AS ranked
WHERE place <= 1;
