import { Popover, PopoverButton, PopoverPanel } from '@headlessui/react';
import { useState } from 'react';
import { headersFor, login } from './client.js';

/** A button that opens a small form; a successful sign-in closes it and hands the token on. */
export function SignIn({ config, tenant, onToken }) {
  return (
    <Popover className="sign-in">
      <PopoverButton className="button">Sign in</PopoverButton>
      <PopoverPanel className="panel" anchor={{ to: 'bottom end', gap: 8 }} focus>
        {({ close }) => (
          <Form
            config={config}
            tenant={tenant}
            onToken={token => {
              onToken(token);
              close();
            }}
          />
        )}
      </PopoverPanel>
    </Popover>
  );
}

function Form({ config, tenant, onToken }) {
  const asked = tenant || location.hostname;
  const offered = config.tenants.find(({ domain }) => domain === asked);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const submit = async event => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem('');
    try {
      onToken(await login(headersFor(config, tenant, ''), form.get('email'), form.get('password')));
    } catch (error) {
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit}>
      <h2>Sign in at {offered?.label ?? asked}</h2>
      <label>
        Email
        <input name="email" type="email" autoComplete="username" required defaultValue={offered?.email ?? ''} />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      {problem && (
        <p className="wrong" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="button primary" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
