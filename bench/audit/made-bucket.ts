import { createServer } from 'node:http';
import { type Kms, startKms } from '../../sandbox/kms.ts';
import { type MadeDay, madeDay } from './made-log.ts';
import { startVirtualS3, type VirtualS3 } from './virtual-s3.ts';

/** A bucket that holds one day of records, with the services beside it, over real HTTP. */
export interface MadeBucket {
  readonly day: string;
  readonly records: number;
  readonly made: MadeDay;
  readonly s3: VirtualS3;
  readonly kms: Kms;
  /** For the functions and the commands. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** @param day such as `2026-07-30` */
export async function startBucket(day: string, records: number): Promise<MadeBucket> {
  const made = madeDay(day, records);
  // In the order of their prefixes.
  const s3 = await startVirtualS3([made.notes, made.records]);
  const [kms, queue] = await Promise.all([startKms(), startQueue()]);
  return {
    day,
    records,
    made,
    s3,
    kms,
    env: {
      PATH: process.env.PATH,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_KMS: kms.url,
      AWS_ENDPOINT_URL_SQS: queue.url,
      AUDIT_BUCKET: 'audit',
      AUDIT_KEY_ID: kms.keyArn,
      LEAK_QUEUE_URL: `${queue.url}/1/leaks`,
    },
    stop: async () => {
      await Promise.all([s3.stop(), kms.stop(), queue.stop()]);
    },
  };
}

/** A queue that takes every message. */
async function startQueue() {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end('{"MessageId":"1"}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
