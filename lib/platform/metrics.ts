/**
 * Counts events, one by default, as a CloudWatch metric in the embedded metric format, which needs no API call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function count(metric: string, dimensions: Record<string, string>, events = 1): void {
  const emf = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: 'DevinKeyRevoker',
          Dimensions: [Object.keys(dimensions)],
          Metrics: [{ Name: metric, Unit: 'Count' }],
        },
      ],
    },
    ...dimensions,
    [metric]: events,
  };
  process.stdout.write(`${JSON.stringify(emf)}\n`);
}
