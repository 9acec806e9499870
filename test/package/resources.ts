import { expect } from 'vitest';
import { type Resource, readResources } from './packaged.ts';

export interface Statement {
  Sid?: string;
  Effect: string;
  Principal?: unknown;
  Action: string | string[];
  Resource?: unknown;
  Condition?: unknown;
  /** A statement that is there under a condition of the template only. */
  'Fn::If'?: [condition: string, statement: Statement, otherwise: unknown];
}

export const resources = readResources();
export const resource = (id: string): Resource => resources[id] ?? expect.fail(`no resource ${id}`);
export const ofType = (type: string): [string, Resource][] =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);
export const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
export const inAuditBucket = (path = '*') => ({ 'Fn::Sub': `\${AuditBucket.Arn}/${path}` });
export const list = <T>(value: T | T[]): T[] => [value].flat() as T[];

export const functions = [
  { name: 'webhook', id: 'WebhookLambdaFunction', role: 'WebhookRole', timeout: 10, memory: 1769 },
  { name: 'revoke', id: 'RevokeLambdaFunction', role: 'RevokeRole', timeout: 180, memory: 1769 },
  { name: 'sweep-keys', id: 'SweepDashkeysLambdaFunction', role: 'SweepKeysRole', timeout: 900, memory: 512 },
  {
    name: 'sweep-alerts',
    id: 'SweepDashalertsLambdaFunction',
    role: 'SweepAlertsRole',
    timeout: 300,
    memory: 512,
  },
  { name: 'digest', id: 'DigestLambdaFunction', role: 'DigestRole', timeout: 900, memory: 512 },
  { name: 'reconcile', id: 'ReconcileLambdaFunction', role: 'ReconcileRole', timeout: 240, memory: 512 },
  { name: 'enroll', id: 'EnrollLambdaFunction', role: 'EnrollRole', timeout: 900, memory: 512 },
  { name: 'drill', id: 'DrillLambdaFunction', role: 'DrillRole', timeout: 600, memory: 512 },
];
