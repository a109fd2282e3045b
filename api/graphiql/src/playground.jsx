import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { useMemo, useState } from 'react';
import { Bar } from './bar.jsx';
import { createFetcher, headersFor } from './client.js';
import { restoreTenant, rememberTenant, restoreToken, rememberToken } from './session.js';
import { firstTabs } from './welcome.js';

const PLUGINS = [HISTORY_PLUGIN, explorerPlugin()];

/** GraphiQL below a bar that says which tenant is asked, and as whom. */
export function Playground({ config }) {
  const [tenant, setTenant] = useState(() => restoreTenant(config.tenants));
  const [token, setToken] = useState(() => restoreToken(tenant));
  const [problem, setProblem] = useState(null);

  const chooseTenant = next => {
    rememberTenant(next);
    setTenant(next);
    setToken(restoreToken(next));
  };
  const chooseToken = next => {
    rememberToken(tenant, next);
    setToken(next);
  };

  const headers = useMemo(() => headersFor(config, tenant, token), [config, tenant, token]);
  // GraphiQL asks for the schema again whenever its fetcher is another one.
  const fetcher = useMemo(() => createFetcher(headers, setProblem), [headers]);
  const tabs = useMemo(() => firstTabs(config), [config]);

  return (
    <>
      <Bar config={config} tenant={tenant} token={token} onTenant={chooseTenant} onToken={chooseToken} />
      {problem && (
        <p className="problem" role="alert">
          <code>{problem.code}</code> {problem.message}
        </p>
      )}
      <GraphiQL fetcher={fetcher} plugins={PLUGINS} defaultTabs={tabs} inputValueDeprecation schemaDescription>
        <GraphiQL.Logo>
          <span />
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}
