-- q10, log: every bid into files by day and minute.
CREATE TABLE bid_log (
  auction BIGINT,
  bidder BIGINT,
  price BIGINT,
  dateTime TIMESTAMP(3),
  extra STRING,
  dt STRING,
  hm STRING
)
PARTITIONED BY (dt, hm)
WITH (
  'connector' = 'filesystem',
  'path' = 'bid-log/',
  'format' = 'csv',
  'sink.partition-commit.trigger' = 'partition-time',
  'sink.partition-commit.delay' = '1 min',
  'partition.time-extractor.timestamp-pattern' = '$dt $hm:00',
  'sink.rolling-policy.rollover-interval' = '1 min'
);

INSERT INTO bid_log
SELECT auction, bidder, price, dateTime, extra, DATE_FORMAT(dateTime, 'yyyy-MM-dd'), DATE_FORMAT(dateTime, 'HH:mm')
FROM bid;
