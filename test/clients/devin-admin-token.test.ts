import { describe, expect, test } from 'vitest';
import { SecretError } from '../../lib/aws/secrets.ts';
import { cachedAdminToken } from '../../lib/clients/devin-admin-token.ts';
import { Token } from '../../lib/domain/token.ts';

const ID = 'admin-secret';
const OLD = ['cog', 'OldS3cretOldS3cretOldS3cret'].join('_');
const NEW = ['cog', 'NewS3cretNewS3cretNewS3cret'].join('_');

/** A secret that can be changed and made to fail, and the reads of it. */
function secret(value: string) {
  const state = { value, failing: false, reads: [] as string[] };
  const read = async (id: string) => {
    state.reads.push(id);
    if (state.failing) throw new SecretError(id, 'ThrottlingException', 'cannot be read');
    return state.value;
  };
  return { state, admin: cachedAdminToken(read, ID) };
}

describe('the admin token', () => {
  test.each([
    ['as it is', OLD],
    ['with a line break', `${OLD}\n`],
    ['as JSON', JSON.stringify({ token: OLD })],
    ['as JSON with more in it', JSON.stringify({ token: OLD, note: 'x' }, null, 2)],
  ])('is read %s', async (_title, value) => {
    expect((await secret(value).admin.get()).reveal()).toBe(OLD);
  });

  test('is read when it is first needed, and once', async () => {
    const { admin, state } = secret(OLD);
    expect(state.reads).toEqual([]);
    const tokens = await Promise.all([admin.get(), admin.get(), admin.get()]);
    state.value = NEW;
    tokens.push(await admin.get());
    expect(tokens.map((token) => token.reveal())).toEqual([OLD, OLD, OLD, OLD]);
    expect(state.reads).toEqual([ID]);
  });

  test('is read again after a read that failed', async () => {
    const { admin, state } = secret(OLD);
    state.failing = true;
    await expect(admin.get()).rejects.toThrow(SecretError);
    state.failing = false;
    expect((await admin.get()).reveal()).toBe(OLD);
    expect(state.reads).toHaveLength(2);
  });

  test.each([
    ['empty', ''],
    ['of another kind', 'S3cretOfAnotherKind'],
    ['JSON without a token', JSON.stringify({ key: 'S3cretOfAnotherKind' })],
    ['JSON with an empty token', JSON.stringify({ token: '' })],
    ['JSON with a token of another kind', JSON.stringify({ token: 'S3cretOfAnotherKind' })],
    ['broken JSON', '{"token": "S3cretOfAnotherKind'],
  ])('is refused when it is %s, by the name of its secret', async (_title, value) => {
    const error = await secret(value)
      .admin.get()
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(
      new SecretError(ID, 'malformed', 'must be a Devin token (cog_…) or JSON {"token": "cog_…"}'),
    );
    expect(String(error)).not.toContain('S3cret');
  });
});

describe('an admin token that was refused', () => {
  test('is replaced by the one that the secret holds now, from then on', async () => {
    const { admin, state } = secret(OLD);
    const refused = await admin.get();
    state.value = NEW;
    expect((await admin.insteadOf(refused))?.reveal()).toBe(NEW);
    expect((await admin.get()).reveal()).toBe(NEW);
    expect(state.reads).toHaveLength(2);
  });

  test('has no replacement when the secret still holds it', async () => {
    const { admin, state } = secret(OLD);
    expect(await admin.insteadOf(await admin.get())).toBeUndefined();
    expect(state.reads).toHaveLength(2);
  });

  test('is replaced without another read when a neighbour has read the new one', async () => {
    const { admin, state } = secret(OLD);
    const refused = await admin.get();
    state.value = NEW;
    await admin.insteadOf(refused);
    expect((await admin.insteadOf(refused))?.reveal()).toBe(NEW);
    expect(state.reads).toHaveLength(2);
  });

  test('is compared by its text', async () => {
    const { admin, state } = secret(OLD);
    await admin.get();
    expect(await admin.insteadOf(new Token(OLD))).toBeUndefined();
    expect((await admin.insteadOf(new Token(NEW)))?.reveal()).toBe(OLD);
    expect(state.reads).toHaveLength(2);
  });

  test('is an error when the secret cannot be read, and is read again next time', async () => {
    const { admin, state } = secret(OLD);
    const refused = await admin.get();
    state.failing = true;
    await expect(admin.insteadOf(refused)).rejects.toThrow(SecretError);
    Object.assign(state, { failing: false, value: NEW });
    expect((await admin.get()).reveal()).toBe(NEW);
  });
});

describe('the standby token', () => {
  const ids = { admin: OLD, standby: NEW };
  /** Two secrets by their ids, and the reads of them. */
  function secrets(values: Record<string, string> = { ...ids }) {
    const reads: string[] = [];
    const read = async (id: string) => {
      reads.push(id);
      return values[id] ?? Promise.reject(new SecretError(id, 'ThrottlingException', 'cannot be read'));
    };
    return { reads, values, admin: cachedAdminToken(read, 'admin', 'standby') };
  }

  test('is none where none is set', async () => {
    const { admin, state } = secret(OLD);

    expect(await admin.standby()).toBeUndefined();
    expect(state.reads).toEqual([]);
  });

  test('is read once, and is not what calls are made with', async () => {
    const { admin, reads } = secrets();

    expect((await admin.standby())?.reveal()).toBe(NEW);
    expect((await admin.standby())?.reveal()).toBe(NEW);
    expect(reads).toEqual(['standby']);
    expect((await admin.get()).reveal()).toBe(OLD);
  });

  test('is read again after a read that failed', async () => {
    const { admin, reads, values } = secrets({ admin: OLD });
    await expect(admin.standby()).rejects.toThrow(SecretError);
    values.standby = NEW;

    expect((await admin.standby())?.reveal()).toBe(NEW);
    expect(reads).toEqual(['standby', 'standby']);
  });

  test('replaces an admin token that is refused and was not rotated, from then on', async () => {
    const { admin, reads } = secrets();

    expect((await admin.insteadOf(new Token(OLD)))?.reveal()).toBe(NEW);
    expect((await admin.get()).reveal()).toBe(NEW);
    expect(reads).toEqual(['admin', 'admin', 'standby']);
  });

  test('is not asked for when the admin token was rotated', async () => {
    const { admin, reads, values } = secrets();
    const refused = await admin.get();
    values.admin = ['cog', 'ThirdS3cretThirdS3cret'].join('_');

    expect((await admin.insteadOf(refused))?.reveal()).toBe(values.admin);
    expect(reads).not.toContain('standby');
  });

  test('replaces nothing when it is the same', async () => {
    const { admin } = secrets({ admin: OLD, standby: OLD });

    expect(await admin.insteadOf(new Token(OLD))).toBeUndefined();
  });
});

test('a read that fails does not discard the token that a neighbour read meanwhile', async () => {
  const broken = Promise.reject(new SecretError(ID, 'ThrottlingException', 'cannot be read'));
  const reads: Promise<string>[] = [Promise.resolve(OLD), broken, Promise.resolve(NEW)];
  const admin = cachedAdminToken(() => reads.shift() ?? expect.fail('nothing more is to be read'), ID);
  const refused = await admin.get();
  const [failing, working] = [admin.insteadOf(refused), admin.insteadOf(refused)];

  await expect(failing).rejects.toThrow(SecretError);
  expect((await working)?.reveal()).toBe(NEW);
  expect((await admin.get()).reveal()).toBe(NEW);
});
