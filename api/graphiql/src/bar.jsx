import icon from './icon.svg';
import { SignIn } from './sign-in.jsx';
import { TenantField } from './tenant-field.jsx';
import { TokenField } from './token-field.jsx';

/** The row above GraphiQL: the tenant that is asked, and the token that says who asks. */
export function Bar({ config, tenant, token, onTenant, onToken }) {
  return (
    <header className="bar">
      <span className="brand">
        <img src={icon} alt="" width="26" height="26" />
        Insula
      </span>
      <TenantField tenants={config.tenants} header={config.tenantHeader} value={tenant} onChange={onTenant} />
      <TokenField value={token} onChange={onToken} />
      {/* A form that is begun for one tenant must not be sent to another. */}
      <SignIn key={tenant} config={config} tenant={tenant} onToken={onToken} />
    </header>
  );
}
