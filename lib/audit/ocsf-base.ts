import type { Rating } from './ocsf-codes.ts';

export const PRODUCT = 'devin-key-revoker';
export const VERSION = '0.1.0';

/** The class of every record: OCSF 7001, Remediation Activity. Activity 99 takes a name of our own. */
export function activity([id, name]: readonly [id: number, name: string]) {
  const class_uid = 7001 as const;
  const caption = id === 99 ? 'Other' : name;
  return {
    class_uid,
    class_name: 'Remediation Activity',
    category_uid: 7 as const,
    category_name: 'Remediation',
    activity_id: id,
    activity_name: name,
    type_uid: class_uid * 100 + id,
    type_name: `Remediation Activity: ${caption}`,
  };
}

/** How a SIEM rates the record. @param code its status code */
export function rated(code: string, { action, disposition, severity, status }: Rating) {
  return {
    severity_id: severity[0],
    severity: severity[1],
    status_id: status[0],
    status: status[1],
    status_code: code,
    action_id: action[0],
    action: action[1],
    disposition_id: disposition[0],
    disposition: disposition[1],
  };
}

export function metadata(uid: string, correlation_uid: string, originalTime: number) {
  return {
    version: '1.8.0',
    profiles: ['cloud', 'host', 'security_control'],
    uid,
    correlation_uid,
    log_name: 'audit',
    original_time: new Date(originalTime).toISOString(),
    product: { name: PRODUCT, vendor_name: PRODUCT, version: VERSION },
  };
}

export function cloud({ account, region }: { readonly account?: string; readonly region: string }) {
  return {
    provider: 'AWS',
    region,
    ...(account !== undefined && { account: { uid: account, type_id: 10, type: 'AWS Account' } }),
  };
}
