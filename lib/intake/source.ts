import type { AwsEnvironment } from '../aws/environment.ts';
import type { SendMessage } from '../aws/sqs.ts';
import type { Answer } from './answer.ts';
import type { WebhookConfig } from './config.ts';

/** What came in over the function URL. The names of headers are in lower case, as Lambda hands them over. */
export interface SourceRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as they were sent. */
  readonly body: Buffer;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What a source works with. */
export interface IntakeParts {
  readonly config: WebhookConfig;
  readonly aws: AwsEnvironment;
  /** Puts a message on the queue of leak reports. What is sent goes through its schema before. */
  readonly send: SendMessage;
  /** Epoch milliseconds by which the sender has its answer. */
  readonly deadline: number;
  /** Those of its log lines. */
  readonly fields: { readonly request_id: string };
}

/** A way in over the function URL: who may send, and what becomes of what is sent. */
export interface Source {
  /** Whether somebody who knows the secret sent exactly this, now. */
  isAuthentic(request: SourceRequest, secret: string): boolean;
  /**
   * Works on an authentic request.
   *
   * @throws {QueueError | DataKeyError}
   */
  receive(request: SourceRequest, parts: IntakeParts): Answer | Promise<Answer>;
}
