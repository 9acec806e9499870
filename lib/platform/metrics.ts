/**
 * Counts events, one by default, as a CloudWatch metric in the embedded metric format, which needs no API call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function count(metric: string, dimensions: Record<string, string>, events = 1): void {
  put(metric, 'Count', dimensions, events);
}

/** The same for a duration. */
export function measureSeconds(metric: string, dimensions: Record<string, string>, seconds: number): void {
  put(metric, 'Seconds', dimensions, seconds);
}

function put(
  metric: string,
  unit: 'Count' | 'Seconds',
  dimensions: Record<string, string>,
  value: number,
): void {
  const emf = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: 'DevinKeyRevoker',
          Dimensions: [Object.keys(dimensions)],
          Metrics: [{ Name: metric, Unit: unit }],
        },
      ],
    },
    ...dimensions,
    [metric]: value,
  };
  process.stdout.write(`${JSON.stringify(emf)}\n`);
}
