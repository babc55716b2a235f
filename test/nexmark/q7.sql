-- q7, highest bid: the bids at the highest price of each ten seconds; both ends count, so one may match two windows.
SELECT b.auction, b.price, b.bidder, b.dateTime, b.extra
FROM bid AS b
JOIN (
  SELECT MAX(price) AS maxprice, window_end
  FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(dateTime), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end
) AS highest
  ON b.price = highest.maxprice
  AND b.dateTime BETWEEN highest.window_end - INTERVAL '10' SECOND AND highest.window_end;
