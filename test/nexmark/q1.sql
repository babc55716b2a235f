-- q1, currency: prices in euros, as exact decimals.
SELECT auction, bidder, 0.908 * price AS price, dateTime, extra
FROM bid;
