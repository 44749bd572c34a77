-- Labels a minute and how often the refined prompt says something else than zero-shot.
CREATE TABLE predictions (
  `imageId` STRING NOT NULL,
  `task` STRING NOT NULL,
  `labels` ARRAY<ROW<`label` STRING, `confidence` FLOAT>> NOT NULL,
  `abstained` BOOLEAN NOT NULL,
  `zeroShot` ROW<`label` STRING, `confidence` FLOAT> NOT NULL,
  `promptVersion` INT NOT NULL,
  `modelId` STRING NOT NULL,
  `attributes` MAP<STRING, STRING> NOT NULL,
  `at` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
  WATERMARK FOR `at` AS `at` - INTERVAL '10' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'gripstream.predictions',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://localhost:8080'
);

SELECT
  window_start,
  `task`,
  `labels`[1].`label` AS label,
  COUNT(*) AS images,
  AVG(CASE WHEN `labels`[1].`label` <> `zeroShot`.`label` THEN 1.0 ELSE 0.0 END) AS changed
FROM TABLE(TUMBLE(TABLE predictions, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, `task`, `labels`[1].`label`;
