// What an app's developer writes on the types generated from openapi.json. Compiled by the compiler in strict mode and
// then run against the service; the lines that must not compile are marked as the compiler wants it.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Content = components['schemas']['Content'];

export async function exercise(baseUrl: string, email: string, password: string,
  upload: (token: string) => Promise<unknown>): Promise<Content[]> {
  const client = createClient<paths>({ baseUrl });

  const registered = await client.POST('/auth/register', { body: { email, password } });
  if (!registered.data) throw new Error(registered.error.detail);
  const role: 'viewer' | 'editor' | 'admin' = registered.data.role;
  if (role !== 'editor') throw new Error(role);

  const again = await client.POST('/auth/register', { body: { email, password } });
  const code: string | undefined = again.error?.code;
  if (code !== 'email_taken') throw new Error(`a second account: ${code}`);

  const granted = await client.POST('/auth/token', { body: { email, password } });
  if (!granted.data) throw new Error('no token');
  const headers = { Authorization: `Bearer ${granted.data.access_token}` };
  const me = await client.GET('/auth/me', { headers });
  if (me.data?.email !== email) throw new Error('somebody else');

  await upload(granted.data.access_token);
  const listed = await client.GET('/content', { params: { query: { limit: 10, content_type: 'audio' } } });
  if (!listed.data) throw new Error('no list');
  for (const content of listed.data) {
    const one = await client.GET('/content/{content_id}', { params: { path: { content_id: content.id } } });
    const seconds: number | null | undefined = one.data?.duration;
    if (seconds !== content.duration) throw new Error('another duration');
    const changed = await client.PUT('/content/{content_id}', {
      params: { path: { content_id: content.id } },
      body: { title: 'Typed' },
      headers,
    });
    if (changed.data?.title !== 'Typed') throw new Error('not changed');
  }

  // @ts-expect-error the service has no such path
  await client.GET('/nothing').catch(() => undefined);
  // @ts-expect-error a password is required
  await client.POST('/auth/register', { body: { email } }).catch(() => undefined);
  return listed.data;
}
