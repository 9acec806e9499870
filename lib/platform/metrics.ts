/** Counts events, one by default. */
export function count(metric: string, dimensions: Record<string, string>, events = 1): void {
  write(metric, 'Count', events, dimensions);
}

/** A value of which CloudWatch keeps the distribution, so that percentiles can be asked for. */
export function measure(metric: string, unit: 'Count' | 'Seconds', value: number): void {
  write(metric, unit, value, {});
}

/**
 * A line in the embedded metric format, which needs no API call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function write(metric: string, Unit: string, value: number, dimensions: Record<string, string>): void {
  const emf = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: 'DevinKeyRevoker',
          Dimensions: [Object.keys(dimensions)],
          Metrics: [{ Name: metric, Unit }],
        },
      ],
    },
    ...dimensions,
    [metric]: value,
  };
  process.stdout.write(`${JSON.stringify(emf)}\n`);
}
