-- q12, processing time: bids of a bidder in every ten seconds of the clock on the wall. Only totals can be checked.
WITH timed AS (
  SELECT *, PROCTIME() AS p_time
  FROM bid
)
SELECT bidder, COUNT(*) AS bid_count, window_start AS starttime, window_end AS endtime
FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(p_time), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;
