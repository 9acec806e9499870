export { type FirstName, s3FirstName } from '../aws/list-objects.ts';
